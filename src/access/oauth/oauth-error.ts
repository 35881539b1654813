import type { Context as KoaContext } from "koa";
import { Refusal } from "../../errors.ts";

const CODES = [
  "invalid_request",
  "invalid_client",
  "unsupported_grant_type",
  "invalid_scope",
  "invalid_target",
] as const;

/** Makes a refusal of RFC 6749 §5.2 or RFC 8707 §2. @param detail without quotes and backslashes, which the RFC forbids. */
export function oauthError(code: (typeof CODES)[number], detail: string): Refusal {
  if (code !== "invalid_client") return new Refusal(400, [{ code, detail }]);
  return new Refusal(401, [{ code, detail }], { "WWW-Authenticate": 'Basic realm="guildhall"' });
}

/** Renders a refusal for OAuth clients. A code of our own is replaced by the nearest one of OAuth. */
export function renderOauthError(ctx: KoaContext, { status, code, message }: Refusal): void {
  const isTemporary = status === 429 || status === 503;
  const nearest = isTemporary
    ? "temporarily_unavailable"
    : status >= 500
      ? "server_error"
      : "invalid_request";
  ctx.set("Cache-Control", "no-store");
  ctx.body = { error: CODES.find((known) => known === code) ?? nearest, error_description: message };
}
