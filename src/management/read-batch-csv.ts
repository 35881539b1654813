import { badRequest, Refusal } from "../errors.ts";
import type { SentRow } from "../invitation-batches/sent-row.ts";
import { clip } from "../lib/clip.ts";
import { isId } from "../lib/id.ts";
import { inTurns } from "../lib/in-turns.ts";
import { parseCsv } from "../lib/parse-csv.ts";
import { ROWS_AT_MOST } from "./invitation-batch-shape.ts";
import { readBatchRow } from "./read-batch-row.ts";

export const CSV_COLUMNS = ["email", "roles", "message", "locale", "expires_at"] as const;
const COLUMNS_AT_MOST = 100;
type Column = (typeof CSV_COLUMNS)[number];

/**
 * The rows of a CSV file whose first row names the columns, in any order and case.
 * @throws 400 for a file that is no CSV, 422 for one without rows, with too many, or with other columns.
 */
export async function readBatchCsv(text: string): Promise<SentRow[]> {
  const records = await parseCsv(text, 1 + ROWS_AT_MOST + 1);
  if ("problem" in records) throw malformed(records.problem, records.after);
  const [header, ...rows] = records;
  if (header === undefined) throw wrong("The file is empty: name the columns in its first row.");
  const columns = readHeader(header);
  if (rows.length === 0) throw wrong("The file has a row of columns and no other.");
  if (rows.length > ROWS_AT_MOST)
    throw wrong(`The file has more than ${ROWS_AT_MOST.toLocaleString("en")} rows: send it in parts.`);
  return inTurns(rows, (cells) => readCells(columns, cells));
}

function readHeader(cells: string[]): Column[] {
  // Spreadsheets write a delimiter too many.
  const names = cells
    .slice(0, cells.findLastIndex((name) => name !== "") + 1)
    .map((name) => name.toLowerCase());
  if (names.length > COLUMNS_AT_MOST) throw wrong(`The file has more than ${COLUMNS_AT_MOST} columns.`);
  const columns = names.filter(isColumn);
  const stranger = names.find((name) => !isColumn(name));
  if (stranger !== undefined) {
    const known = `Known are ${CSV_COLUMNS.join(", ")}; the first row must name them.`;
    throw wrong(`There is no column ${JSON.stringify(clip(stranger, 100))}. ${known}`);
  }
  const twice = columns.find((name, index) => columns.indexOf(name) < index);
  if (twice !== undefined) throw wrong(`The column ${twice} is there twice.`);
  if (!columns.includes("email")) throw wrong("The column email is missing.");
  return columns;
}

function isColumn(name: string): name is Column {
  return (CSV_COLUMNS as readonly string[]).includes(name);
}

/** An empty cell says nothing. Several roles stand in one cell, by name or id, with `|` or `;` between. */
function readCells(columns: Column[], cells: string[]): SentRow {
  const given: Partial<Record<Column, string>> = {};
  for (const [index, column] of columns.entries()) if (cells[index]) given[column] = cells[index];
  const { roles = "", ...attributes } = given;
  const named = roles.split(/[|;]/).map((role) => role.trim());
  const role_ids = named.filter((role) => role !== "");
  const row = readBatchRow({ ...attributes, role_ids });
  if (cells.slice(columns.length).some((cell) => cell !== "")) {
    const detail = `row: it has ${cells.length} cells, and there are ${columns.length} columns.`;
    return { email: row.email, problem: { code: "invalid_attribute", detail } };
  }
  if ("problem" in row) return row;
  return {
    ...row,
    input: { ...row.input, role_ids: role_ids.filter((role) => isId("role", role)) },
    role_names: role_ids.filter((role) => !isId("role", role)),
  };
}

function wrong(detail: string): Refusal {
  return new Refusal(422, [{ code: "invalid_csv", detail }]);
}

/** @param after records before, of which the first names the columns. */
function malformed(problem: string, after: number | undefined): Refusal {
  if (after === undefined) return badRequest("malformed_csv", `The file can't be read: ${problem}.`);
  const place = after === 0 ? "The row of columns" : `Row ${after}`;
  return badRequest("malformed_csv", `${place} can't be read: ${problem}.`);
}
