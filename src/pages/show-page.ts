import type { ClosedState } from "../invitations/closed-invitation.ts";
import type { InvitationDetails } from "../invitations/find-invitation-details.ts";
import { findLocale } from "../mail/locales.ts";
import { renderPage } from "./render-page.ts";

export interface ShownPage {
  status: number;
  html: string;
}

/** The hidden fields of the question's forms. `token`: where the browser keeps no cookie. */
export interface OwnForm {
  csrf: string;
  token: string | null;
}

/**
 * The page for an invitation as it is now: the question while it is open, and one page for each way it can be closed.
 */
export function showPage(
  details: InvitationDetails,
  closed: ClosedState | undefined,
  form: OwnForm,
): ShownPage {
  const { id, product, organization, inviter, roles, email, message, redirect_url } = details;
  const locale = findLocale(...details.locales).language;
  if (closed === "accepted") {
    const page = { product, organization, continue_url: redirect_url };
    return { status: 200, html: renderPage("accepted", page, locale) };
  }
  if (closed !== undefined) {
    // Declining is what the person wanted; the others are dead ends.
    return { status: closed === "declined" ? 200 : 410, html: renderPage(closed, { product }, locale) };
  }
  const question = {
    product,
    organization,
    inviter,
    roles,
    email,
    message,
    expires_at: details.expires_at,
    accept_action: `/invitations/${id}/accept`,
    decline_action: `/invitations/${id}/decline`,
    ...form,
  };
  return { status: 200, html: renderPage("invitation", question, locale) };
}
