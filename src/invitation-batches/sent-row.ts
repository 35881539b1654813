import type { ErrorItem } from "../errors.ts";
import type { NewInvitation } from "../invitations/invite-member.ts";

/** What a row invites with. Where it is to is said by its batch. */
export type RowInput = Omit<NewInvitation, "environment_id" | "organization_id" | "send_mail">;

/** Why a row leads to no invitation: a stable code and a sentence. */
export type RowProblem = Pick<ErrorItem, "code" | "detail">;

/**
 * A row as it was sent: what was read of it, or why it could not be read. `email` is the text that was sent, if any, and
 * `line` where the row begins in a file.
 */
export type SentRow = { email: string | null; line?: number } & (
  | { input: RowInput /** What it says instead of ids: each may name several roles. */; role_names: string[] }
  | { problem: RowProblem }
);
