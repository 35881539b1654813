import type { Context } from "../context.ts";
import { forbidden, notFound } from "../errors.ts";
import { maskEmailAddress } from "../lib/email-address.ts";
import type { Invitation, Proof } from "../models/invitation.ts";

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

/**
 * What a signed-in user may do with an invitation: answer it, if it went to the user's verified address. An address
 * nobody has verified proves nothing: anybody may have signed up with it (CVE-2022-2326).
 * @param maySee whether the user may read the organization's invitations; to others it does not exist.
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
      "Your address is not verified: follow the link in the invitation's mail instead.",
    );
  }
  return { by: "user", userId: user.user_id };
}
