import type { z } from "zod";
import type { Answers } from "../http/endpoint.ts";
import type { ResourceType } from "./resource-type.ts";

/** 201 with the new resource. @param secret the part of it that is shown only once, in `meta`. */
export function creates({ type }: ResourceType, secret?: z.ZodObject): Answers {
  const answers: Answers = { status: 201, data: { holds: "resource", type } };
  return secret === undefined ? answers : { ...answers, meta: secret, secret: true };
}

/** 200 with the resource. @param also relationships that it has only in this response: their names, and the types they lead to. */
export function shows({ type }: ResourceType, also?: Record<string, string>): Answers {
  return { status: 200, data: { holds: "resource", type, ...(also === undefined ? {} : { also }) } };
}

/** 200 with the resource that a to-one relationship leads to, or null. */
export function showsRelated({ type }: ResourceType): Answers {
  return { status: 200, data: { holds: "resource", type, orNull: true } };
}

/** 202 with a resource that shows the progress of the work. */
export function begins({ type }: ResourceType): Answers {
  return { status: 202, data: { holds: "resource", type } };
}

/** 200 with a page of resources. */
export function lists({ type }: ResourceType): Answers {
  return { status: 200, data: { holds: "collection", type } };
}

/** 200 with only types and ids. */
export function identifies({ type }: ResourceType, many: boolean): Answers {
  return { status: 200, data: { holds: "linkage", type, many } };
}

/** 200 with only `meta`. */
export function returnsMeta(meta: z.ZodObject): Answers {
  return { status: 200, meta };
}

/** 204, without a document. */
export const NOTHING: Answers = { status: 204 };
