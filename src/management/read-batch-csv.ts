import { badRequest, Refusal } from "../errors.ts";
import type { SentRow } from "../invitation-batches/new-rows.ts";
import { parseEmailAddress } from "../lib/email-address.ts";
import { type CsvProblem, type CsvRecord, parseCsv, trimUnseen } from "../lib/parse-csv.ts";
import { type CsvColumn, type CsvColumnsAsked, csvColumns } from "./csv-columns.ts";
import { inTurns, keptOf, ROWS_AT_MOST, readBatchRow } from "./read-batch-row.ts";

/** Characters of a cell of roles: more than the names of as many as a row may give. */
const LONGEST_ROLES = 10_000;

/**
 * The rows of a CSV file whose first row names the columns, in any order and case.
 * @throws 400 for a file that is no CSV, 422 for one without rows, with too many, or with other columns.
 */
export async function readBatchCsv(text: string, asked: CsvColumnsAsked): Promise<SentRow[]> {
  const records = await parseCsv(text, 1 + ROWS_AT_MOST + 1);
  if ("problem" in records) throw malformed(records);
  const [header, ...rows] = records;
  if (header === undefined) throw wrong("The file is empty: name the columns in its first row.");
  const columns = csvColumns(header.cells, asked);
  if (rows.length === 0) throw wrong("The file has a row of columns and no other.");
  if (rows.length > ROWS_AT_MOST)
    throw wrong(`The file has more than ${ROWS_AT_MOST.toLocaleString("en")} rows: send it in parts.`);
  return inTurns(rows, (record) => ({ ...readCells(columns, record), line: record.line }));
}

/** An empty cell says nothing. */
function readCells(columns: Array<CsvColumn | undefined>, { cells }: CsvRecord): SentRow {
  const given: Partial<Record<CsvColumn, string>> = {};
  for (const [index, column] of columns.entries()) {
    const cell = cells[index] ?? "";
    if (column !== undefined && trimUnseen(cell) !== "") given[column] = cell;
  }
  const { email: sent = "", roles = "", locale, expires_at, full_name, ...attributes } = given;
  const surplus = cells.slice(columns.length).some((cell) => cell !== "");
  const problem = surplus
    ? `row: it has ${cells.length} cells, and there are ${columns.length} columns; put a cell that holds a delimiter in quotes.`
    : problemOf(sent, roles);
  if (problem !== undefined)
    return { email: keptOf(sent), problem: { code: "invalid_attribute", detail: problem } };
  const { email, name } = readEmailCell(sent);
  const isNamed = given.first_name !== undefined || given.last_name !== undefined;
  const row = readBatchRow({
    ...attributes,
    email,
    // Which part of a full name is which is no program's to guess. Wherever names are shown, the first comes first.
    ...(isNamed ? {} : { first_name: full_name ?? name }),
    // Java and Okta write en_US.
    ...(locale === undefined ? {} : { locale: trimUnseen(locale).replaceAll("_", "-") }),
    ...(expires_at === undefined ? {} : { expires_at: trimUnseen(expires_at) }),
  });
  const asSent = { ...row, email: keptOf(sent) };
  return "problem" in asSent || roles === "" ? asSent : { ...asSent, role_names: [trimUnseen(roles)] };
}

function problemOf(email: string, roles: string): string | undefined {
  if (roles.length > LONGEST_ROLES)
    return `roles: may have at most ${LONGEST_ROLES.toLocaleString("en")} characters`;
  if (/#EXT#@/i.test(email))
    return "email: this is how a directory names a guest; write the address the guest gets email at";
  return undefined;
}

/** `Ann Lee <ann@acme.example>` gives a name, too; `mailto:` comes from links. What else is odd is refused with the address. */
function readEmailCell(cell: string): { email: string; name?: string } {
  const text = trimUnseen(trimUnseen(cell).replace(/^mailto:/i, ""));
  const open = text.lastIndexOf("<");
  if (open === -1 || !text.endsWith(">")) return { email: text };
  const email = trimUnseen(text.slice(open + 1, -1)).replace(/^mailto:/i, "");
  const name = text
    .slice(0, open)
    .trim()
    .replace(/^(["'])(.*)\1$/s, "$2")
    .trim();
  if (parseEmailAddress(email) === undefined) return { email: text };
  if (name === "" || name.toLowerCase() === email.toLowerCase()) return { email };
  // Another address is no name: which of the two is meant can't be known.
  return name.includes("@") ? { email: text } : { email, name };
}

function wrong(detail: string): Refusal {
  return new Refusal(422, [{ code: "invalid_csv", detail }]);
}

/** What follows a broken quote may be a row or part of a cell, so nothing is read past it. */
function malformed({ problem, after, where }: CsvProblem): Refusal {
  if (after === undefined) return badRequest("malformed_csv", `The file can't be read: ${problem}.`);
  const place = after === 0 ? "The row of columns" : `Row ${after}`;
  return badRequest("malformed_csv", `${place} (${where}) can't be read: ${problem}.`);
}
