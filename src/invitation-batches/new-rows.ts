import { conflict } from "../errors.ts";
import { newId } from "../lib/id.ts";
import type { BatchRowStatus } from "../models/invitation-batch-row.ts";
import type { RowInput, SentRow } from "./sent-row.ts";

/** A row as it is written at first. */
export interface NewRow {
  id: string;
  number: number;
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
 * @param findRole the id of a role of this name. A name no role has is kept, to be told as missing when it is judged.
 */
export function newRows(sent: SentRow[], findRole: (name: string) => string | undefined): NewRow[] {
  // Within a millisecond ids are in any order.
  const ids = sent.map(() => newId("batchrow")).sort();
  const numbers = new Map<string, number>();
  return sent.map((row, index) => {
    const number = index + 1;
    const base = { id: ids[index] ?? "", number, email: row.email };
    if ("problem" in row) return { ...base, input: null, status: "failed", ...row.problem };
    const { canonical } = row.input.address;
    const first = numbers.get(canonical);
    if (first !== undefined) return { ...base, input: null, status: "duplicate", ...duplicateOf(first) };
    numbers.set(canonical, number);
    const role_ids = [...row.input.role_ids, ...row.role_names.map((name) => findRole(name) ?? name)];
    const input = { ...row.input, role_ids };
    return { ...base, input, status: "queued", code: null, detail: null };
  });
}

function duplicateOf(number: number) {
  const [{ code, detail }] = conflict("duplicate_row", `Row ${number} is to the same address.`).items;
  return { code, detail };
}
