import type { Caller, Column, Session } from "./names.ts";

/** `ok`: what the endpoint answers when all goes well; `closed`: 403 whatever the object is, even if there is none. */
export type Verdict = "ok" | "closed" | 401 | 403 | 404;

/** What each kind of signed-in user gets for an object of the organization they have to do with. */
export interface Row extends Record<Session, Verdict> {
  /** What they get for another organization's object, or another person's. Default: what an outsider gets. */
  foreign?: Verdict;
  /** Where the rules of `verdict.ts` don't hold. */
  except?: { [Of in Caller]?: { [In in Column]?: Verdict } };
}

const strangers = (verdict: Verdict) => ({ outsider: verdict, invited: verdict, exMember: verdict });
const members = (verdict: Verdict) => ({ member: verdict, billing: verdict, admin: verdict, owner: verdict });

export const CLOSED: Row = { ...strangers("closed"), ...members("closed") };
export const SIGNED_IN: Row = { ...strangers("ok"), ...members("ok") };
/** Everybody their own. */
export const PERSONAL: Row = { ...SIGNED_IN, foreign: 404 };
export const MEMBERS: Row = { ...strangers(404), ...members("ok") };
export const MEMBERS_UPDATE: Row = { ...MEMBERS, member: 403, billing: 403 };
export const OWNER: Row = { ...strangers(404), ...members(403), owner: "ok" };
/** Deleting again while it runs answers the same, to programs and to who asked for it. */
export const OWNER_DELETES: Row = {
  ...OWNER,
  except: { operator: { deleted: "ok" }, clientWithScope: { deleted: "ok" } },
};
/** To name the next owner takes another scope besides: it gives a membership every right. */
export const OWNER_NAMES: Row = { ...OWNER, except: { clientWithScope: { own: 403, foreign: 403 } } };
/** `members:manage` is the owner's, unless the organization leaves it to its admins. */
export const MEMBERS_MANAGE: Row = OWNER;
/** So is `roles:manage`, for the roles of the organization. */
export const OWNERS_ROLES: Row = OWNER;

/** What happened is told to who has `events:read`; the operator hears of deleted organizations, too. */
export const LOG: Row = {
  ...strangers(404),
  ...members(404),
  admin: "ok",
  owner: "ok",
  except: { operator: { deleted: "ok" }, clientWithScope: { deleted: "ok" } },
};

/** Who is invited sees it as its recipient, and nobody else does. */
export const RECIPIENT: Row = { ...strangers(404), ...members(404), invited: "ok" };

/** To name the user who answers takes another scope besides: it makes a membership. */
const NAMES_NOBODY = {
  own: "closed",
  foreign: "closed",
  otherEnvironment: "closed",
  deleted: "closed",
} as const;

/** The invited person answers, and nobody in their place; who may see the invitation is told why not. */
export const INVITEE: Row = {
  ...strangers(404),
  ...members(403),
  invited: "ok",
  except: { clientWithScope: NAMES_NOBODY },
};

/** The same where the invitation names the environment: credentials of another one are none. */
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
    // Of the owner there: who may see the invitation is told why it isn't theirs to answer.
    otherSession: { otherEnvironment: 403 },
    otherClient: { otherEnvironment: "ok" },
  },
};
