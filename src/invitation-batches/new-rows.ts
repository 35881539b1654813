import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { conflict, type ErrorItem } from "../errors.ts";
import type { NewInvitation } from "../invitations/invite-member.ts";
import { clip } from "../lib/clip.ts";
import { newId } from "../lib/id.ts";
import type { Invitation } from "../models/invitation.ts";
import type { BatchRowStatus, InvitationBatch } from "../models/invitation-batch.ts";
import { type RoleFinder, readRoleCell } from "./read-role-cell.ts";

/** The invitation a row asks for. Its batch names the organization. */
export type RowInput = Omit<NewInvitation, "environment_id" | "organization_id" | "send_mail">;

/** Why a row failed: a stable code and a sentence. */
export type RowProblem = Pick<ErrorItem, "code" | "detail">;

/**
 * A row as it was sent: its contents, or why it could not be read. `email` is the text that was sent, if any; `line` is
 * where the row starts in a file. Each of `role_names` may name several roles.
 */
export type SentRow = { email: string | null; line?: number } & (
  | { input: RowInput; role_names: string[] }
  | { problem: RowProblem }
);

/** The same as for a single invitation. */
const ROLES_AT_MOST = 50;
/** The most role names that a problem lists. */
const NAMES_LISTED = 20;

/** A row as it is first written. */
export interface NewRow {
  id: string;
  number: number;
  line: number | null;
  email: string | null;
  input: RowInput | null;
  status: BatchRowStatus;
  code: string | null;
  detail: string | null;
  /** The invitation to resend. */
  invitation_id?: string;
}

/**
 * Makes the rows of a batch of invitations, numbered from 1. Unreadable rows have failed already, and rows that repeat an
 * address are duplicates.
 * @param roles undefined if no row names roles.
 */
export function newRows(sent: SentRow[], roles: RoleFinder | undefined): NewRow[] {
  const ids = rowIds(sent.length);
  const numbers = new Map<string, number>();
  return sent.map((row, index) => {
    const number = index + 1;
    const base = { id: ids[index] ?? "", number, line: row.line ?? null, email: row.email };
    if ("problem" in row) return { ...base, input: null, status: "failed", ...row.problem };
    const { canonical } = row.input.address;
    const first = numbers.get(canonical);
    if (first !== undefined) return { ...base, input: null, status: "duplicate", ...duplicateOf(first) };
    numbers.set(canonical, number);
    const read = row.role_names.map((cell) => readRoleCell(cell, roles ?? NO_ROLES));
    const missing = read.flatMap((cell) => cell.missing);
    const role_ids = [...row.input.role_ids, ...read.flatMap((cell) => cell.role_ids)];
    const problem = problemOf(missing, role_ids.length, roles ?? NO_ROLES);
    if (problem !== undefined) return { ...base, input: null, status: "failed", ...problem };
    return { ...base, input: { ...row.input, role_ids }, status: "queued", code: null, detail: null };
  });
}

/** Makes the rows of a batch that resends invitations. */
export function resendRows(invitations: Array<Pick<Invitation, "id" | "email">>): NewRow[] {
  const ids = rowIds(invitations.length);
  return invitations.map(({ id: invitation_id, email }, index) => ({
    id: ids[index] ?? "",
    number: index + 1,
    line: null,
    email,
    input: null,
    status: "queued",
    code: null,
    detail: null,
    invitation_id,
  }));
}

/** Makes ids that sort in the order of the rows. Ids made within a millisecond are in any order. */
function rowIds(length: number): string[] {
  return Array.from({ length }, () => newId("batchrow")).sort();
}

const NO_ROLES: RoleFinder = { find: () => undefined, names: [] };

function problemOf([missing]: string[], count: number, { names }: RoleFinder): RowProblem | undefined {
  if (missing !== undefined) {
    const asWritten = names.map((name) => (/[;,|]/.test(name) ? `"${name}"` : name));
    const listed = asWritten.slice(0, NAMES_LISTED).join(", ");
    const more = names.length > NAMES_LISTED ? ` and ${names.length - NAMES_LISTED} more` : "";
    const detail = `roles: there is no role "${clip(missing, 100)}" here. The roles are: ${listed}${more}. Separate several with ; and put a name that contains ; , or | in quotes.`;
    return { code: "not_found", detail };
  }
  if (count <= ROLES_AT_MOST) return undefined;
  return {
    code: "invalid_attribute",
    detail: `roles: names ${count} roles, and may name at most ${ROLES_AT_MOST}`,
  };
}

function duplicateOf(number: number) {
  const [{ code, detail }] = conflict("duplicate_row", `Row ${number} has the same address.`).items;
  return { code, detail };
}

/** Rows per statement. */
const AT_ONCE = 2_500;

const insertRows = statement<never, { environment_id: string; batch_id: string; rows: string }>(
  "insert-invitation-batch-rows",
  { environment_id: "text", batch_id: "text", rows: "jsonb" },
  `
  insert into invitation_batch_rows (id, environment_id, batch_id, number, line, input, email, status, code, detail, invitation_id)
  select id, :environment_id, :batch_id, number, line, input, email, status, code, detail, invitation_id
  from jsonb_to_recordset(:rows) as row (
    id text, number int, line int, input jsonb, email text, status text, code text, detail text, invitation_id text
  )`,
);

export async function writeRows(
  trx: Knex.Transaction,
  { id, environment_id }: Pick<InvitationBatch, "id" | "environment_id">,
  rows: NewRow[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const some = JSON.stringify(rows.slice(start, start + AT_ONCE));
    await insertRows(trx, { environment_id, batch_id: id, rows: some });
  }
}
