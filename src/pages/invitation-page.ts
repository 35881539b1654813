import type { ClosedState, InvitationDetails } from "../invitations/find-invitation.ts";
import { findLocale } from "../mail/locales.ts";
import { renderPage } from "./render-page.ts";

/** The hidden fields of the page's forms. `token` is for a browser that keeps no cookies. */
export interface OwnForm {
  csrf: string;
  token: string | null;
}

type ClosedPage = ClosedState | "member" | "ended";

/** Pages that people wanted to reach. The others are dead ends. */
const WANTED: ClosedPage[] = ["accepted", "member", "declined"];

/** Renders an invitation as it is now: the question while it is open, or else a page that says how it was closed. */
export function invitationPage(
  details: InvitationDetails,
  closed: ClosedState | undefined,
  form: OwnForm,
): { status: number; html: string } {
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

/** Chooses the page by what is true now, not by how the invitation ended. A superseded link reveals only that it is superseded. */
function pageFor({ is_member, has_newer }: InvitationDetails, closed: ClosedState): ClosedPage {
  if (closed === "superseded") return closed;
  if (is_member) return closed === "accepted" ? "accepted" : "member";
  if (has_newer) return "superseded";
  return closed === "accepted" ? "ended" : closed;
}
