import type { Context as KoaContext } from "koa";
import { Refusal } from "../errors.ts";

type OauthCode =
  | "invalid_request"
  | "invalid_client"
  | "unsupported_grant_type"
  | "invalid_scope"
  | "invalid_target";

const CODES: readonly string[] = [
  "invalid_request",
  "invalid_client",
  "unsupported_grant_type",
  "invalid_scope",
  "invalid_target",
] satisfies OauthCode[];

/** A refusal of RFC 6749 §5.2, or RFC 8707 §2. @param detail without quotes or backslashes: the RFC forbids them. */
export function oauthError(code: OauthCode, detail: string): Refusal {
  if (code !== "invalid_client") return new Refusal(400, [{ code, detail }]);
  return new Refusal(401, [{ code, detail }], { "WWW-Authenticate": 'Basic realm="guildhall"' });
}

/** A refusal as OAuth clients read it; one that isn't OAuth's own gets the nearest code. */
export function renderOauthError(ctx: KoaContext, { status, code, message }: Refusal): void {
  const passing = status === 429 || status === 503;
  const nearest = passing ? "temporarily_unavailable" : status >= 500 ? "server_error" : "invalid_request";
  ctx.set("Cache-Control", "no-store");
  ctx.body = { error: CODES.includes(code) ? code : nearest, error_description: message };
}
