/** Every page may carry the name of the product that the invitation is for. */
type Branded = { product?: string | null };
type Membership = Branded & { organization: string; continue_url?: string | null };

/** The variables of each page. Pages mask every address, because someone else may have opened the link. */
export type PageVariables = {
  invitation: Branded & {
    organization: string;
    inviter: string | null;
    roles: string[];
    email: string;
    message: string | null;
    expires_at: Date;
    accept_action: string;
    decline_action: string;
    csrf: string;
    /** For a browser that keeps no cookies. */
    token?: string | null;
  };
  accepted: Membership;
  /** The invitation is closed, but the person joined in another way. */
  member: Membership;
  /** The invitation was accepted, but the membership has ended. */
  ended: Branded & { organization: string };
  declined: Branded;
  revoked: Branded;
  expired: Branded;
  superseded: Branded;
  /** The link is valid, but its invitation was deleted. */
  gone: Branded;
  "opt-out": { product: string; email: string; action: string; csrf: string };
  "opted-out": { product: string; email: string };
  /** The link is invalid. */
  "not-found": Branded;
  /** The address isn't a link's. */
  "no-page": Branded;
  wrong: Branded & { sentence: string; request_id: string };
};

export type PageName = keyof PageVariables;

/** `tone` colors the page's icon, so that good and bad news differ at a glance. */
type Look = { template: string; tone: "good" | "calm" | "bad"; icon?: string };

/** The template and look of each page. The invitation shows the organization's initial in place of an icon. */
export const pageLooks: Record<PageName, Look> = {
  invitation: { template: "invitation", tone: "good" },
  accepted: { template: "accepted", tone: "good", icon: "done" },
  member: { template: "accepted", tone: "good", icon: "done" },
  ended: { template: "notice", tone: "calm", icon: "ended" },
  declined: { template: "notice", tone: "calm", icon: "declined" },
  revoked: { template: "notice", tone: "bad", icon: "ended" },
  expired: { template: "notice", tone: "calm", icon: "expired" },
  superseded: { template: "notice", tone: "calm", icon: "superseded" },
  gone: { template: "notice", tone: "bad", icon: "broken" },
  "opt-out": { template: "opt-out", tone: "calm", icon: "opt-out" },
  "opted-out": { template: "notice", tone: "good", icon: "done" },
  "not-found": { template: "notice", tone: "bad", icon: "broken" },
  "no-page": { template: "notice", tone: "bad", icon: "broken" },
  wrong: { template: "wrong", tone: "bad", icon: "wrong" },
};

export const pageNames = Object.keys(pageLooks) as PageName[];

/** Realistic variables for every page, for tests and the preview. */
export const pageSamples: PageVariables = {
  invitation: {
    product: "Acme",
    organization: "Analytical Engines",
    inviter: "Ada Lovelace",
    roles: ["admin", "billing"],
    email: "grace@example.com",
    message: "Hello Grace,\n\nthe compiler needs you. Will you look after it with us?",
    expires_at: new Date("2026-11-28T18:40:00Z"),
    accept_action: "/invitations/inv_1/accept",
    decline_action: "/invitations/inv_1/decline",
    csrf: "f00d",
  },
  accepted: { product: "Acme", organization: "Analytical Engines", continue_url: null },
  member: { product: "Acme", organization: "Analytical Engines", continue_url: null },
  ended: { product: "Acme", organization: "Analytical Engines" },
  declined: { product: "Acme" },
  revoked: { product: "Acme" },
  expired: { product: "Acme" },
  superseded: { product: "Acme" },
  gone: { product: "Acme" },
  "opt-out": { product: "Acme", email: "grace@example.com", action: "/u/sample", csrf: "f00d" },
  "opted-out": { product: "Acme", email: "grace@example.com" },
  "not-found": {},
  "no-page": {},
  wrong: {
    product: "Acme",
    sentence: "The database can't be reached right now. Try again in a moment.",
    request_id: "0b1d2c7e-6c0f-4a51-9f0e-2f8f4f7f2b1a",
  },
};
