import type { Context as KoaContext } from "koa";

/** Minutes a person has between opening the link and answering; the link itself may be opened again. */
export const VISIT_MINUTES = 30;

/**
 * Keeps a link's token out of the address bar, the history and `Referer`: for half an hour, for this invitation only
 * (one cookie each, so that two tabs don't mix), and out of any script's reach.
 */
export function setLinkCookie(ctx: KoaContext, invitationId: string, token: string, secure: boolean): void {
  const attributes = [
    "Path=/",
    "HttpOnly",
    "SameSite=Lax",
    `Max-Age=${VISIT_MINUTES * 60}`,
    ...(secure ? ["Secure"] : []),
  ];
  ctx.append("Set-Cookie", `${cookieName(invitationId, secure)}=${token}; ${attributes.join("; ")}`);
}

export function readLinkCookie(ctx: KoaContext, invitationId: string, secure: boolean): string | undefined {
  // Not by `ctx.cookies`, which keeps a pattern of each name it ever looked for: here anyone may make names up.
  const start = `${cookieName(invitationId, secure)}=`;
  const cookie = ctx
    .get("Cookie")
    .split("; ")
    .find((one) => one.startsWith(start));
  return cookie?.slice(start.length);
}

/** `__Host-`: set by this host itself and over TLS, or the browser refuses it. */
function cookieName(invitationId: string, secure: boolean): string {
  return `${secure ? "__Host-" : ""}${invitationId}`;
}
