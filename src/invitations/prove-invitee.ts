import type { Context } from "../context.ts";
import { forbidden, notFound } from "../errors.ts";
import { maskEmailAddress } from "../lib/email-address.ts";
import type { Invitation, Proof } from "../models/invitation.ts";

export type LinkProof = Extract<Proof, { by: "link" }>;

/**
 * Proves the invitee by a link.
 * @param ip counted against a limit if the link is invalid, so that nobody can try many.
 * @throws 404, the same for an invalid link and for another invitation's; 429 after too many of those.
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

/**
 * Proves the invitee by the verified address of a signed-in user. An unverified address proves nothing, because anyone
 * can sign up with it (CVE-2022-2326).
 * @param maySee whether the user may read the organization's invitations; for others the invitation does not exist.
 * @throws 403 for an unverified or another address, 404.
 */
export function proveByAddress(
  invitation: Invitation,
  user: { user_id: string; email_canonical: string; email_verified: boolean },
  maySee: boolean,
): Proof {
  if (user.email_canonical !== invitation.email_canonical) {
    if (!maySee) throw notFound("invitation");
    const invited = maskEmailAddress(invitation.email);
    throw forbidden(
      "wrong_account",
      `This invitation is for ${invited}. Sign in with that address to answer it.`,
    );
  }
  if (!user.email_verified) {
    throw forbidden(
      "email_unverified",
      "Your address is not verified: follow the link in the invitation email instead.",
    );
  }
  return { by: "user", userId: user.user_id };
}
