import type { Caller, Column, Session } from "./names.ts";

/** `ok`: the endpoint's usual status; `closed`: 403 for every object, even an unknown one. */
export type Verdict = "ok" | "closed" | 401 | 403 | 404;

/** What each kind of signed-in user gets for an object of their own organization. */
export interface Row extends Record<Session, Verdict> {
  /** What they get for another organization's object, or another person's. Default: what an outsider gets. */
  foreign?: Verdict;
  /** Exceptions from the rules of `verdict.ts`. */
  except?: { [Of in Caller]?: { [In in Column]?: Verdict } };
}

const outsiders = (verdict: Verdict) => ({ outsider: verdict, invited: verdict, exMember: verdict });
const members = (verdict: Verdict) => ({ member: verdict, billing: verdict, admin: verdict, owner: verdict });

export const CLOSED: Row = { ...outsiders("closed"), ...members("closed") };
export const SIGNED_IN: Row = { ...outsiders("ok"), ...members("ok") };
/** Everyone has their own. */
export const PERSONAL: Row = { ...SIGNED_IN, foreign: 404 };
export const MEMBERS: Row = { ...outsiders(404), ...members("ok") };
export const MEMBERS_UPDATE: Row = { ...MEMBERS, member: 403, billing: 403 };
export const OWNER: Row = { ...outsiders(404), ...members(403), owner: "ok" };
/** Repeating a deletion while it runs returns the same, to programs and to the user who asked for it. */
export const OWNER_DELETES: Row = {
  ...OWNER,
  except: { operator: { deleted: "ok" }, clientWithScope: { deleted: "ok" } },
};
/** Naming the next owner needs a second scope, because it gives a membership every permission. */
export const OWNER_NAMES: Row = { ...OWNER, except: { clientWithScope: { own: 403, foreign: 403 } } };
/** `members:manage` is the owner's, unless the organization shares it with its admins. */
export const MEMBERS_MANAGE: Row = OWNER;
/** So is `roles:manage`, for the organization's roles. */
export const OWNERS_ROLES: Row = OWNER;

/** Events are visible with `events:read`; the operator also sees those of deleted organizations. */
export const LOG: Row = {
  ...outsiders(404),
  ...members(404),
  admin: "ok",
  owner: "ok",
  except: { operator: { deleted: "ok" }, clientWithScope: { deleted: "ok" } },
};

/** The invitee sees it as its recipient, and nobody else does. */
export const RECIPIENT: Row = { ...outsiders(404), ...members(404), invited: "ok" };

/** Naming the user who answers needs a second scope, because it makes a membership. */
const NAMES_NOBODY = {
  own: "closed",
  foreign: "closed",
  otherEnvironment: "closed",
  deleted: "closed",
} as const;

/** Only the invitee answers; anyone who may see the invitation gets the reason why they can't. */
export const INVITEE: Row = {
  ...outsiders(404),
  ...members(403),
  invited: "ok",
  except: { clientWithScope: NAMES_NOBODY },
};

/** The same where the invitation decides the environment: credentials of another one are refused. */
export const INVITEE_ANYWHERE: Row = {
  ...INVITEE,
  except: {
    ...Object.fromEntries(
      (["outsider", "invited", "exMember", "member", "billing", "admin", "owner", "otherOwner"] as const).map(
        (caller) => [caller, { otherEnvironment: 401 }],
      ),
    ),
    clientWithoutScope: { otherEnvironment: 401 },
    clientWithScope: { ...NAMES_NOBODY, otherEnvironment: 401 },
    operator: { otherEnvironment: "ok" },
    // The owner there may see the invitation, and gets the reason why they can't answer it.
    otherSession: { otherEnvironment: 403 },
    otherClient: { otherEnvironment: "ok" },
  },
};
