import type { Context } from "../context.ts";
import { notFound } from "../errors.ts";
import type { Proof } from "../models/invitation.ts";

export type LinkProof = Extract<Proof, { by: "link" }>;

/**
 * What the bearer of a link may do with that invitation.
 * @param ip counted against a limit when the link is none, so that nobody tries many.
 * @throws 404, the same for every link that is none of ours or another invitation's; 429 after too many of those.
 */
export function proveByLink(
  { linkKeys, limiter }: Context,
  id: string,
  token: string,
  ip: string,
): LinkProof {
  const link = linkKeys.verify(token);
  if (link?.invitationId === id) return { by: "link", tokenVersion: link.tokenVersion };
  limiter.count("wrong_link", ip);
  throw notFound("invitation");
}
