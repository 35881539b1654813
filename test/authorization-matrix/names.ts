/** Signed-in users, by what they have to do with the organization. */
export const SESSIONS = ["outsider", "invited", "exMember", "member", "billing", "admin", "owner"] as const;
export type Session = (typeof SESSIONS)[number];

export const CALLERS = [
  "anonymous",
  ...SESSIONS,
  "otherOwner",
  "clientWithoutScope",
  "clientWithScope",
  // A session and an access token with every scope, of another environment.
  "otherSession",
  "otherClient",
  "operator",
] as const;
export type Caller = (typeof CALLERS)[number];

/** Whose the object is: of the organization, of `otherOwner`'s, of one in another environment; or it is gone. */
export const COLUMNS = ["own", "foreign", "otherEnvironment", "deleted"] as const;
export type Column = (typeof COLUMNS)[number];
