import type { IncomingHttpHeaders } from "node:http";
import type { Refusal } from "../errors.ts";
import type { Named } from "../sessions/access-question.ts";

/** How an API differs from the other in handling any request: its media types, and how it refuses. */
export interface Api {
  /** @throws 406 when the API has no media type that the caller accepts. */
  requireAcceptable(headers: IncomingHttpHeaders): void;
  /** @throws 415 when a body comes in another type than the API takes. */
  requireBodyType(headers: IncomingHttpHeaders): void;
  /**
   * The sentence for a body that its type announced and that is empty; null: it counts as none, for front ends send the
   * type with every request.
   */
  emptyBody: string | null;
  /** Refuses a caller with no right to know that what they named exists. */
  outsider(named: Named): Refusal;
  /** The code for `members:manage` where the organization leaves it to its owner. */
  leftToOwner: string;
}
