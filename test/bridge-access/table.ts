import type { Callers } from "../../src/access/allow.ts";

/** Signed-in people, by their relation to the organization. */
export const PEOPLE = ["outsider", "member", "billing", "admin", "owner"] as const;
export const CALLERS = ["anonymous", ...PEOPLE, "operator", "clientWithoutScope", "clientWithScope"] as const;
export type Caller = (typeof CALLERS)[number];

/** What a caller gets: the endpoint's usual status, or a refusal. */
export type Verdict = "ok" | 400 | 403 | 404;

export interface Row {
  who: Callers;
  /** What each of these people gets for the organization's object, in this order. */
  shared: [Verdict, Verdict, Verdict, Verdict, Verdict];
  /**
   * What everyone gets for a fellow member's own object or, if there is no single one, for their own. Left out if
   * nothing is personal.
   */
  personal?: Verdict;
}

const MEMBERS: Row = { who: "user", shared: [403, "ok", "ok", "ok", "ok"] };
const OWNER: Row = { who: "user", shared: [403, 403, 403, 403, "ok"] };
const SIGNED_IN: Row = { who: "user", shared: ["ok", "ok", "ok", "ok", "ok"] };
const LIST: Row = { ...MEMBERS, personal: "ok" };
const CREATE: Row = { who: "user", shared: [403, 403, "ok", "ok", "ok"], personal: "ok" };
const READ: Row = { who: "caller", shared: [404, "ok", "ok", "ok", "ok"], personal: 404 };
const MANAGE: Row = { who: "user", shared: [404, 403, "ok", "ok", "ok"], personal: 404 };
const REPORT: Row = { who: "program", shared: [403, 403, 403, 403, 403], personal: 403 };

/** Who may call what: one row per endpoint of the Bridge API. The tests fail if either is missing. */
export const TABLE: Record<string, Row> = {
  "POST /organizations": SIGNED_IN,
  "GET /organizations": SIGNED_IN,
  "GET /organizations/:id": MEMBERS,
  "PUT /organizations/:id": { who: "user", shared: [403, 403, 403, "ok", "ok"] },
  "POST /organizations/:id/transfer-ownership": OWNER,
  "POST /organizations/:id/deletion-preview": OWNER,
  "DELETE /organizations/:id": OWNER,
  // Sent by the owner.
  "GET /organizations/:id/deletion": OWNER,

  "GET /organizations/:id/members": MEMBERS,
  // By default the organization's members are managed by its owner.
  "POST /organizations/:id/members": OWNER,
  "PUT /organizations/:id/members/:member_id": OWNER,
  "DELETE /organizations/:id/members/:member_id": OWNER,
  "POST /organizations/:id/leave": { who: "user", shared: [403, "ok", "ok", "ok", 400] },

  "GET /subscriptions": LIST,
  "POST /subscriptions": CREATE,
  "GET /subscriptions/:id": READ,
  "PUT /subscriptions/:id": MANAGE,
  "POST /subscriptions/:id/cancel": MANAGE,
  "PATCH /subscriptions/:id/billing-address": MANAGE,
  "POST /subscriptions/:id/sync": REPORT,

  "GET /payment-methods": LIST,
  "POST /payment-methods": CREATE,
  "GET /payment-methods/:id": READ,
  "PUT /payment-methods/:id": MANAGE,
  "POST /payment-methods/:id/set-default": MANAGE,
  "PATCH /payment-methods/:id/billing-address": MANAGE,
  "DELETE /payment-methods/:id": MANAGE,

  "GET /addresses": LIST,
  "POST /addresses": CREATE,
  "GET /addresses/:id": READ,
  "PUT /addresses/:id": MANAGE,
  "POST /addresses/:id/set-default": MANAGE,
  "DELETE /addresses/:id": MANAGE,

  "GET /customers": LIST,
  "POST /customers": CREATE,
  "GET /customers/:id": READ,
  "PUT /customers/:id": MANAGE,
  "DELETE /customers/:id": MANAGE,

  "GET /payments": LIST,
  "GET /payments/:id": READ,
  "POST /payments/intents": CREATE,
  "PUT /payments/intents/:id": MANAGE,
  "POST /payments/intents/:id/confirm": MANAGE,
  // People read here what programs report.
  "POST /payments/intents/:id/sync": { ...MANAGE, who: "caller" },
};
