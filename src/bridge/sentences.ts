const NOT_ALLOWED = "You don't have permission to perform this action";

interface Sentence {
  error: string;
  /** Where the Bridge API answers another status than the verb's own. */
  status?: number;
  /** What helps. */
  hint?: string;
}

/** By code, what the Bridge API says where its documentation has words of its own. */
export const SENTENCES: Record<string, Sentence> = {
  unauthorized: {
    error: "Authentication required",
    hint: "Send a valid session as X-Session-ID, or as Authorization: Bearer.",
  },
  forbidden: { error: NOT_ALLOWED },
  members_left_to_owner: {
    error: NOT_ALLOWED,
    hint: "Only the owner manages members here; the owner may set the organization's member_management to owner_and_admins to let admins do it.",
  },
  role_exceeds_own: {
    error: NOT_ALLOWED,
    hint: "Nobody gives a role with rights they don't have themselves.",
  },
  owner_only: { error: NOT_ALLOWED, hint: "Only the owner decides who manages members, and who owns next." },
  already_member: { error: "User is already a member of this organization" },
  owner_stays: { error: "Cannot remove organization owner", status: 400 },
};
