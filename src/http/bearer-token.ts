import type { IncomingHttpHeaders } from "node:http";

/** What `Authorization: Bearer` holds; undefined where it holds nothing that could be a token. */
export function bearerToken({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer +([\w~+/.=-]{1,4096})$/i.exec(authorization ?? "")?.[1];
}
