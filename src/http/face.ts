import type { IncomingHttpHeaders } from "node:http";
import type { Refusal } from "../errors.ts";
import type { Permission } from "../permissions.ts";
import type { AccessQuestion } from "../sessions/access-question.ts";

/** What differs between the faces in how any request is handled: the media types, and how no is said. */
export interface Face {
  /** @throws 406 when none of what the caller accepts is ours. */
  requireAcceptable(headers: IncomingHttpHeaders): void;
  /** @throws 415 when a body comes as something else than the face takes. */
  requireBodyType(headers: IncomingHttpHeaders): void;
  /**
   * What to say where a body was announced by its type and none came; null: it counts as none, for front ends send the
   * type with every request.
   */
  emptyBody: string | null;
  /** To who has nothing to do with what they asked for: whether it exists is none of their business. */
  stranger(asked: AccessQuestion["organization"]): Refusal;
  /** To a member who lacks a permission. @param ownerDecides their role has it, but the organization leaves it to its owner. */
  lacking(permission: Permission, ownerDecides: boolean): Refusal;
}
