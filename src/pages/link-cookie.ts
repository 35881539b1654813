import { timingSafeEqual } from "node:crypto";
import type { Context as KoaContext } from "koa";
import { forbidden } from "../errors.ts";

/** Minutes a person has between opening the link and answering. They may open the link again. */
export const VISIT_MINUTES = 30;

/**
 * Stores a link's token in a cookie for half an hour, which keeps it out of the address bar, the history, `Referer`
 * and scripts. Each invitation has a cookie of its own, so that two tabs don't interfere.
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
  // `ctx.cookies` caches a pattern for every name, and anyone can make up names.
  const start = `${cookieName(invitationId, secure)}=`;
  const cookie = ctx
    .get("Cookie")
    .split("; ")
    .find((one) => one.startsWith(start));
  return cookie?.slice(start.length);
}

/** Returns the cookie's name. With `__Host-`, browsers accept the cookie only from this host, over TLS. */
function cookieName(invitationId: string, secure: boolean): string {
  return `${secure ? "__Host-" : ""}${invitationId}`;
}

/**
 * Refuses a form that another site made a browser send. The hidden field is derived from the token, which such a site
 * can neither read nor guess.
 * @throws 403.
 */
export function requireOwnForm(given: string | null, expected: string): void {
  const [one, other] = [Buffer.from(given ?? ""), Buffer.from(expected)];
  if (one.length === other.length && timingSafeEqual(one, other)) return;
  throw forbidden(
    "foreign_form",
    "This answer did not come from our page. Open the link in your email again.",
  );
}
