import { z } from "zod";
import type { AnswerData } from "../../../src/http/endpoint.ts";
import type { ReadExchange } from "./exchange.ts";
import { checkMemberNames, type JsonObject, type Problems, strangersIn, toObject } from "./values.ts";

const TOP_LEVEL = ["data", "errors", "meta", "jsonapi", "links", "included"];
const LINKS = ["self", "related", "describedby", "first", "last", "prev", "next"];

/** The document's own members, and whether they are what the endpoint declares. */
export function* checkDocument(document: JsonObject, exchange: ReadExchange): Problems {
  const { status, endpoint, headers } = exchange;
  for (const name of strangersIn(document, TOP_LEVEL)) yield `the document has a member ${name}`;
  if (!("data" in document || "errors" in document || "meta" in document)) {
    yield "the document has none of data, errors, meta";
  }
  if ("data" in document && "errors" in document) yield "the document has data and errors";
  if ("included" in document && !("data" in document)) yield "the document has included without data";
  for (const name of ["meta", "jsonapi", "links"]) {
    if (name in document && toObject(document[name]) === undefined) yield `${name} is no object`;
  }
  yield* checkMemberNames(toObject(document.meta) ?? {}, "meta");
  const links = toObject(document.links) ?? {};
  for (const name of strangersIn(links, LINKS)) yield `the document has a link ${name}`;
  yield* checkLinks(links, "the document");

  if (status >= 400 !== "errors" in document) yield `${status} goes with data or meta, or lacks errors`;
  if (status >= 400 || endpoint === undefined) return;
  const { answers } = endpoint;
  if (status !== answers.status) yield `the endpoint declares ${answers.status}`;
  if ((answers.data === undefined) === "data" in document) yield "data is not as the endpoint declares";
  // A secret is shown once.
  const isLeftOut = answers.secret && headers.has("Idempotency-Replayed");
  const meta = isLeftOut ? z.strictObject({}) : answers.meta?.strict();
  if (meta?.safeParse(document.meta).success === false) yield "meta is not as the endpoint declares";
  if (answers.data !== undefined) yield* checkKind(document.data, answers.data);
  const location = headers.get("Location");
  const self = toObject(toObject(document.data)?.links)?.self;
  if (location !== null && location !== self) yield `Location ${location} is not links.self ${self}`;
}

/** A collection is always an array, and a single resource never is. */
function* checkKind(data: unknown, declared: AnswerData): Problems {
  const many = declared.holds === "collection" || (declared.holds === "linkage" && declared.many);
  if (Array.isArray(data) !== many) yield many ? "data is no array" : "data is an array";
  const mayBeNull =
    declared.holds === "linkage" || (declared.holds === "resource" && declared.orNull === true);
  if (data === null && !mayBeNull) yield "data is null";
  const items: unknown[] = Array.isArray(data) ? data : data === null ? [] : [data];
  if (items.some((item) => toObject(item)?.type !== declared.type)) {
    yield `data holds another type than the endpoint declares, ${declared.type}`;
  }
}

/** Each a string, an object with `href`, or null. */
export function* checkLinks(links: JsonObject, where: string): Problems {
  for (const [name, link] of Object.entries(links)) {
    const href = typeof link === "string" ? link : toObject(link)?.href;
    if (link !== null && typeof href !== "string") yield `the link ${name} of ${where} is no link`;
    if (typeof href === "string" && !URL.canParse(href, "http://any.example")) {
      yield `the link ${name} of ${where} is no URL: ${href}`;
    }
  }
}
