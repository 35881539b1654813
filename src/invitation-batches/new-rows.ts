import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { conflict, type ErrorItem } from "../errors.ts";
import type { NewInvitation } from "../invitations/invite-member.ts";
import { clip } from "../lib/clip.ts";
import { newId } from "../lib/id.ts";
import type { BatchRowStatus, InvitationBatch } from "../models/invitation-batch.ts";
import { type RoleFinder, readRoleCell } from "./read-role-cell.ts";

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

/** As for a single invitation. */
const ROLES_AT_MOST = 50;
/** Names of roles that a problem lists. */
const NAMES_LISTED = 20;

/** A row as it is written at first. */
export interface NewRow {
  id: string;
  number: number;
  line: number | null;
  email: string | null;
  input: RowInput | null;
  status: BatchRowStatus;
  code: string | null;
  detail: string | null;
  /** In a batch that resends. */
  invitation_id?: string;
}

/**
 * The rows of a batch in their order: numbered from 1, with ids that sort alike. What could not be read has failed
 * already, and of those to one address the first stays.
 * @param roles undefined where no row names any.
 */
export function newRows(sent: SentRow[], roles: RoleFinder | undefined): NewRow[] {
  // Within a millisecond ids are in any order.
  const ids = sent.map(() => newId("batchrow")).sort();
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

const NO_ROLES: RoleFinder = { find: () => undefined, names: [] };

function problemOf([missing]: string[], count: number, { names }: RoleFinder): RowProblem | undefined {
  if (missing !== undefined) {
    const asWritten = names.map((name) => (/[;,|]/.test(name) ? `"${name}"` : name));
    const listed = asWritten.slice(0, NAMES_LISTED).join(", ");
    const more = names.length > NAMES_LISTED ? ` and ${names.length - NAMES_LISTED} more` : "";
    const detail = `roles: there is no role "${clip(missing, 100)}" here. There are: ${listed}${more}. Put ; between several, and a name that holds one of ; , | in quotes.`;
    return { code: "not_found", detail };
  }
  if (count <= ROLES_AT_MOST) return undefined;
  return {
    code: "invalid_attribute",
    detail: `roles: may be at most ${ROLES_AT_MOST}, and ${count} are named`,
  };
}

function duplicateOf(number: number) {
  const [{ code, detail }] = conflict("duplicate_row", `Row ${number} is to the same address.`).items;
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
