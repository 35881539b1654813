import type { ErrorItem } from "../errors.ts";
import type { NewInvitation } from "../invitations/try-to-invite.ts";

/** What a row invites with. Where it is to is said by its batch. */
export type RowInput = Omit<NewInvitation, "environment_id" | "organization_id" | "send_mail">;

/** Why a row leads to no invitation: a stable code and a sentence. */
export type RowProblem = Pick<ErrorItem, "code" | "detail">;

/** A row as it was sent: what was read of it, or why it could not be read. `email` is the text that was sent, if any. */
export type SentRow = { email: string | null } & (
  | { input: RowInput /** Roles it names instead of their ids. */; role_names: string[] }
  | { problem: RowProblem }
);
