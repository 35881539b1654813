import { createHash } from "node:crypto";

export interface BareRequest {
  environment: string;
  /** The token of `Authorization: Bearer`. */
  bearer: string | undefined;
  /** The token of `X-Session-ID`. */
  session: string;
  /** The id in the path, if there is one. */
  id: string;
  query: URLSearchParams;
  body: string;
}

export type BareAnswer = [status: number, document: object];

export function sha256(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
