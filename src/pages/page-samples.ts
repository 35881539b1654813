import type { PageVariables } from "./page-variables.ts";

/** A realistic set for every page: what the tests and the workbench show. */
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
