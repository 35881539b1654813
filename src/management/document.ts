import { STATUS_CODES } from "node:http";
import type { Refusal } from "../errors.ts";

export interface ResourceIdentifier {
  type: string;
  id: string;
}

export interface Relationship {
  data?: ResourceIdentifier | ResourceIdentifier[] | null;
  links?: { self?: string; related?: string };
}

export interface Resource extends ResourceIdentifier {
  attributes?: Record<string, unknown>;
  relationships?: Record<string, Relationship>;
  links: { self: string };
  meta?: Record<string, unknown>;
}

export interface Document {
  data: Resource | Resource[] | null;
  links?: Record<string, string | null>;
  meta?: Record<string, unknown>;
}

/** A to-one relationship's linkage. */
export function toOne(type: string, id: string | null): Relationship {
  return { data: id === null ? null : { type, id } };
}

/** The document of a refusal. `id` is the request's, for support; nothing of our insides is ever told. */
export function errorDocument(refusal: Refusal, requestId: string): object {
  const status = String(refusal.status);
  const title = STATUS_CODES[refusal.status] ?? "Error";
  return {
    errors: refusal.items.map((item) => ({ id: requestId, status, title, ...item })),
    meta: { request_id: requestId },
  };
}
