import type { Context as KoaContext } from "koa";
import type { ErrorItem, Refusal } from "../errors.ts";
import type { Answer } from "../http/endpoint.ts";
import type { Paging } from "./paging.ts";
import { SENTENCES } from "./sentences.ts";

/** One record, read or written. */
export function record(data: object, status = 200, message?: string): Answer {
  return { status, document: { success: true, data, ...(message === undefined ? {} : { message }) } };
}

/** A page of records. @param total how many there are on all pages. */
export function page(data: object[], total: number, { limit, offset }: Paging): Answer {
  const pagination = {
    total,
    page: Math.floor(offset / limit) + 1,
    pageSize: limit,
    totalPages: Math.ceil(total / limit),
  };
  return { status: 200, document: { success: true, data, meta: { pagination } } };
}

/** Done, and nothing left to show. */
export function done(message: string, status = 200): Answer {
  return { status, document: { success: true, message } };
}

/** A refusal on the wire: the documented sentence where there is one, a stable code, and the request's id. */
export function renderBridgeError(ctx: KoaContext, refusal: Refusal, requestId: string): void {
  const told = SENTENCES[refusal.code];
  const fields = refusal.items.flatMap((item) => fieldOf(item, refusal.status));
  if (told?.status !== undefined) ctx.status = told.status;
  ctx.set("Cache-Control", "no-store");
  ctx.body = {
    success: false,
    error: told?.error ?? sentenceOf(refusal.items[0]),
    code: refusal.code,
    request_id: requestId,
    ...(told?.hint === undefined ? {} : { hint: told.hint }),
    ...(fields.length > 0 ? { fields } : {}),
  };
}

/** Of a parameter it must say which: a body's problems name their field themselves. */
function sentenceOf({ detail, source }: ErrorItem): string {
  return source?.parameter === undefined ? detail : `${source.parameter}: ${detail}`;
}

/** Which field of the body, or which parameter, it is about, for a form to show it beside. */
function fieldOf(
  { code, detail: error, source }: ErrorItem,
  status: number,
): Array<{ field: string; code: string; error: string }> {
  if (source?.parameter !== undefined) return [{ field: source.parameter, code, error }];
  if (status !== 422 || source?.pointer === undefined) return [];
  return [{ field: source.pointer.slice(1).replaceAll("/", "."), code, error }];
}
