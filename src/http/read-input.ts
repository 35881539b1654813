import type { IncomingHttpHeaders } from "node:http";
import { badRequest, Refusal } from "../errors.ts";
import type { Endpoint, Incoming, TextForm } from "./endpoint.ts";
import type { Face } from "./face.ts";
import { parseMediaType } from "./negotiate.ts";
import { type Parsed, parseJson, refuseUnstorable } from "./parse-json.ts";
import { readText } from "./read-body.ts";
import { readQuery } from "./read-query.ts";

/**
 * What a handler gets of a request, with the body as it was sent; or what is to be said to it once it is known who asks.
 */
export type Input = { body: unknown; query: unknown; sent: unknown } | { refusal: unknown };

/** Reads query and body as the endpoint declares them. @param limit bytes of a body. */
export async function readInput(
  endpoint: Endpoint,
  face: Face,
  incoming: Incoming,
  limit: number,
): Promise<Input> {
  try {
    const form = formIn(endpoint, incoming.headers);
    if (form !== undefined) return { ...(await readForm(form, incoming, limit)), query: undefined };
    const query = readQuery(endpoint.query, incoming.url);
    // A body nobody asked for is read all the same: what is no document of the face is refused, not overlooked.
    const sent = endpoint.method === "GET" ? undefined : await readDocument(endpoint, face, incoming, limit);
    const body = endpoint.body?.read(sent?.value, incoming.params);
    // Last, for what is wrong anyway is named by its own rule, such as an amount of 1e400.
    if (endpoint.body !== undefined && sent?.inexact !== undefined) throw sent.inexact;
    return { body, query, sent: sent?.value };
  } catch (refusal) {
    return { refusal };
  }
}

/**
 * A body left out is `undefined`: whether one is needed is the endpoint's to say. Many clients name a type and send
 * nothing, which is an error only where something is needed.
 */
async function readDocument(
  { body }: Endpoint,
  face: Face,
  { raw, headers }: Incoming,
  limit: number,
): Promise<Parsed | undefined> {
  const text = await readText(raw, limit);
  const isNeeded = body !== undefined && body.optional !== true;
  if (isNeeded ? text === "" && !isAnnounced(headers, face) : text.trim() === "") return undefined;
  face.requireBodyType(headers);
  if (text === "" && face.emptyBody !== null) throw badRequest("empty_body", face.emptyBody);
  return parseJson(text, limit);
}

function isAnnounced(headers: IncomingHttpHeaders, face: Face): boolean {
  return headers["content-type"] !== undefined && face.emptyBody !== null;
}

/** @throws 415 for its media type in another encoding. */
function formIn({ text }: Endpoint, headers: IncomingHttpHeaders): TextForm<unknown> | undefined {
  const { type, parameters } = parseMediaType(headers["content-type"] ?? "");
  if (text === undefined || type !== text.mediaType) return undefined;
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  if (charset === undefined || /^charset="?utf-8"?$/.test(charset)) return text;
  const detail = "Send the text as UTF-8.";
  throw new Refusal(415, [{ code: "unsupported_media_type", detail, source: { header: "Content-Type" } }]);
}

async function readForm(
  form: TextForm<unknown>,
  { raw, url }: Incoming,
  limit: number,
): Promise<{ body: unknown; sent: string }> {
  const query = readQuery(form.query, url);
  const sent = await readText(raw, limit);
  refuseUnstorable(sent);
  return { body: await form.read(sent, query), sent };
}
