import type { Context as KoaContext } from "koa";
import { z } from "zod";
import type { ErrorCode, ErrorItem, ErrorStatus, Refusal } from "../errors.ts";
import type { Answer } from "../http/endpoint.ts";
import { exampleId, type IdPrefix } from "../lib/id.ts";
import type { Paging } from "./list-query.ts";

const NOT_ALLOWED = "You don't have permission to perform this action";

interface Sentence {
  error: string;
  /** The Bridge API's status, if it differs from the command's. */
  status?: ErrorStatus;
  /** How to fix it. */
  hint?: string;
}

/** By error code, the sentences that the Bridge API's documentation prescribes. */
const SENTENCES: Partial<Record<ErrorCode, Sentence>> = {
  unauthorized: {
    error: "Authentication required",
    hint: "Send a valid session as X-Session-ID, or as Authorization: Bearer.",
  },
  forbidden: { error: NOT_ALLOWED },
  members_left_to_owner: {
    error: NOT_ALLOWED,
    hint: "Only the owner manages members here; the owner may set the organization's member_management to owner_and_admins to let admins do it.",
  },
  role_exceeds_own: {
    error: NOT_ALLOWED,
    hint: "Nobody grants a role with permissions they don't have themselves.",
  },
  owner_only: { error: NOT_ALLOWED, hint: "Only the owner decides who manages members, and who owns next." },
  already_member: { error: "User is already a member of this organization" },
  owner_stays: { error: "Cannot remove organization owner", status: 400 },
};

export function idOf(prefix: IdPrefix, description?: string) {
  return z
    .string()
    .meta({ ...(description === undefined ? {} : { description }), examples: [exampleId(prefix)] });
}

/** Keeps only the fields of a row that its shape names. */
export function show(shape: z.ZodObject, row: object): Record<string, unknown> {
  const values = new Map<string, unknown>(Object.entries(row));
  return Object.fromEntries(Object.keys(shape.shape).map((name) => [name, values.get(name) ?? null]));
}

/** Answers with one record. */
export function record(data: object, status = 200, message?: string): Answer {
  return { status, document: { success: true, data, ...(message === undefined ? {} : { message }) } };
}

/** Answers with a page of records. @param total the number of records on all pages, as far as they are counted. */
export function page(data: object[], total: number, { limit, offset }: Paging): Answer {
  const pagination = {
    total,
    page: Math.floor(offset / limit) + 1,
    pageSize: limit,
    totalPages: Math.ceil(total / limit),
  };
  return { status: 200, document: { success: true, data, meta: { pagination } } };
}

/** Answers with a message only. */
export function done(message: string, status = 200): Answer {
  return { status, document: { success: true, message } };
}

/** Writes a refusal as the response: the documented sentence if there is one, a stable code, and the request's id. */
export function renderBridgeError(ctx: KoaContext, refusal: Refusal, requestId: string): void {
  const known = SENTENCES[refusal.code];
  const fields = refusal.items.flatMap((item) => fieldOf(item, refusal.status));
  if (known?.status !== undefined) ctx.status = known.status;
  ctx.set("Cache-Control", "no-store");
  ctx.body = {
    success: false,
    error: known?.error ?? sentenceOf(refusal.items[0]),
    code: refusal.code,
    request_id: requestId,
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
    ...(fields.length > 0 ? { fields } : {}),
  };
}

/** Names the parameter; problems of a body already name their field. */
function sentenceOf({ detail, source }: ErrorItem): string {
  return source?.parameter === undefined ? detail : `${source.parameter}: ${detail}`;
}

/** The field or parameter the error is about, so that a form can show it there. */
function fieldOf(
  { code, detail: error, source }: ErrorItem,
  status: number,
): Array<{ field: string; code: string; error: string }> {
  if (source?.parameter !== undefined) return [{ field: source.parameter, code, error }];
  if (status !== 422 || source?.pointer === undefined) return [];
  return [{ field: source.pointer.slice(1).replaceAll("/", "."), code, error }];
}
