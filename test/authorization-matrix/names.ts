/** Signed-in users, by their relation to the organization. */
export const SESSIONS = ["outsider", "invited", "exMember", "member", "billing", "admin", "owner"] as const;
export type Session = (typeof SESSIONS)[number];

export const CALLERS = [
  "anonymous",
  ...SESSIONS,
  "otherOwner",
  "clientWithoutScope",
  "clientWithScope",
  // A session and an access token with every scope, from another environment.
  "otherSession",
  "otherClient",
  "operator",
] as const;
export type Caller = (typeof CALLERS)[number];

/** Who the object belongs to: the organization, `otherOwner`, another environment; or it doesn't exist any more. */
export const COLUMNS = ["own", "foreign", "otherEnvironment", "deleted"] as const;
export type Column = (typeof COLUMNS)[number];
