import type { IncomingHttpHeaders } from "node:http";
import { badRequest, Refusal } from "../errors.ts";
import { decodeText } from "./decode-text.ts";
import type { Endpoint, Incoming, TextForm } from "./endpoint.ts";
import type { Face } from "./face.ts";
import { parseMediaType } from "./negotiate.ts";
import { type Parsed, parseJson, refuseUnstorable } from "./parse-json.ts";
import { readBytes, readText } from "./read-body.ts";
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
    // Before its query: parameters of the other form would be called unknown.
    if (endpoint.text !== undefined && incoming.headers["content-type"] !== undefined)
      requireBodyType(face, endpoint.text, incoming.headers);
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

/** The refusal of another type, which names the text form, too, where there is one. */
function requireBodyType(face: Face, form: TextForm<unknown>, headers: IncomingHttpHeaders): void {
  try {
    face.requireBodyType(headers);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const [item] = error.items;
    throw new Refusal(error.status, [{ ...item, detail: `${item.detail} ${form.otherwise}` }]);
  }
}

function formIn({ text }: Endpoint, headers: IncomingHttpHeaders): TextForm<unknown> | undefined {
  const { type } = parseMediaType(headers["content-type"] ?? "");
  return text !== undefined && [text.mediaType, ...text.alsoTaken].includes(type) ? text : undefined;
}

async function readForm(
  form: TextForm<unknown>,
  { raw, url, headers }: Incoming,
  limit: number,
): Promise<{ body: unknown; sent: string }> {
  const query = readQuery(form.query, url);
  const bytes = await readBytes(raw, limit);
  const { parameters } = parseMediaType(headers["content-type"] ?? "");
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  const sent = decodeText(bytes, charset?.slice("charset=".length).replaceAll('"', "") || undefined);
  refuseUnstorable(sent);
  return { body: await form.read(sent, query), sent };
}
