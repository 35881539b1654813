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

type ClosedPage = ClosedState | "member" | "ended";

/** What somebody wanted; the others are dead ends. */
const WANTED: ClosedPage[] = ["accepted", "member", "declined"];

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
  if (closed !== undefined) {
    const name = pageFor(details, closed);
    const page = { product, organization, continue_url: redirect_url };
    return { status: WANTED.includes(name) ? 200 : 410, html: renderPage(name, page, locale) };
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

/** What is true now counts for more than how the invitation ended. A superseded link learns nothing but that. */
function pageFor({ is_member, has_newer }: InvitationDetails, closed: ClosedState): ClosedPage {
  if (closed === "superseded") return closed;
  if (is_member) return closed === "accepted" ? "accepted" : "member";
  if (has_newer) return "superseded";
  return closed === "accepted" ? "ended" : closed;
}
