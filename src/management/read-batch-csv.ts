import { badRequest, Refusal } from "../errors.ts";
import type { SentRow } from "../invitation-batches/new-rows.ts";
import { parseEmailAddress } from "../lib/email-address.ts";
import { type CsvProblem, type CsvRecord, parseCsv, trimUnseen } from "../lib/parse-csv.ts";
import { type CsvColumn, type CsvColumnsAsked, csvColumns } from "./csv-columns.ts";
import { inTurns, keptOf, ROWS_AT_MOST, readBatchRow } from "./read-batch-row.ts";

/** Characters of a cell of roles: more than the names of as many as a row may grant. */
const LONGEST_ROLES = 10_000;

/**
 * Reads the rows of a CSV file whose first row names the columns, in any order and case.
 * @throws 400 if the file isn't CSV, 422 if it has no rows, too many, or unknown columns.
 */
export async function readBatchCsv(text: string, asked: CsvColumnsAsked): Promise<SentRow[]> {
  const records = await parseCsv(text, 1 + ROWS_AT_MOST + 1);
  if ("problem" in records) throw malformed(records);
  const [header, ...rows] = records;
  if (header === undefined) throw wrong("The file is empty: name the columns in its first row.");
  const columns = csvColumns(header.cells, asked);
  if (rows.length === 0) throw wrong("The file has a header but no rows.");
  if (rows.length > ROWS_AT_MOST)
    throw wrong(`The file has more than ${ROWS_AT_MOST.toLocaleString("en")} rows. Send it in parts.`);
  return inTurns(rows, (record) => ({ ...readCells(columns, record), line: record.line }));
}

/** Reads the cells of a row; empty ones count as missing. */
function readCells(columns: Array<CsvColumn | undefined>, { cells }: CsvRecord): SentRow {
  const given: Partial<Record<CsvColumn, string>> = {};
  for (const [index, column] of columns.entries()) {
    const cell = cells[index] ?? "";
    if (column !== undefined && trimUnseen(cell) !== "") given[column] = cell;
  }
  const { email: sent = "", roles = "", locale, expires_at, full_name, ...attributes } = given;
  const surplus = cells.slice(columns.length).some((cell) => cell !== "");
  const problem = surplus
    ? `row: has ${cells.length} cells, but there are ${columns.length} columns; put a cell that contains a delimiter in quotes`
    : problemOf(sent, roles);
  if (problem !== undefined)
    return { email: keptOf(sent), problem: { code: "invalid_attribute", detail: problem } };
  const { email, name } = readEmailCell(sent);
  const isNamed = given.first_name !== undefined || given.last_name !== undefined;
  const row = readBatchRow({
    ...attributes,
    email,
    // A full name can't be split reliably. As the first name it is shown in full everywhere.
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
    return "email: is a directory's name for a guest; use the address where the guest gets email";
  return undefined;
}

/** Reads an address, perhaps with a name (`Ann Lee <ann@acme.example>`) or `mailto:`, which comes from links. */
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
  // If the name is another address, it's unclear which one is meant.
  return name.includes("@") ? { email: text } : { email, name };
}

function wrong(detail: string): Refusal {
  return new Refusal(422, [{ code: "invalid_csv", detail }]);
}

/** Stops at a broken quote, because what follows may be a row or part of a cell. */
function malformed({ problem, after, where }: CsvProblem): Refusal {
  if (after === undefined) return badRequest("malformed_csv", `The file can't be read: ${problem}.`);
  const place = after === 0 ? "The header" : `Row ${after}`;
  return badRequest("malformed_csv", `${place} (${where}) can't be read: ${problem}.`);
}
