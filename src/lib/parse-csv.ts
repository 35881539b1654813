import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { CsvError, parse } from "csv-parse";
import { trimUnseen } from "./trim-unseen.ts";

export interface CsvRecord {
  cells: string[];
  /** The line it begins in, from 1. */
  line: number;
}

/** The file can't be read. */
export interface CsvProblem {
  problem: string;
  /** How many records come before; undefined where `problem` says the place itself. */
  after: number | undefined;
  /** Where it is, such as `line 3`. */
  where: string;
}

/** What programs put between cells, by country and by taste. */
const DELIMITERS = [",", ";", "\t", "|"];
/** Bytes parsed at a time: others get their turn in between. */
const SLICE = 64 * 1024;
/** Characters of a record at most: more than any row that could be taken. */
const LONGEST_RECORD = 64 * 1024;
/** Cells of a line at most. Reading each costs far more than its bytes, and an empty cell has one. */
const CELLS_OF_LINE = 1_000;
/** Nobody's header is longer. */
const LONGEST_HEADER = 10_000;

/**
 * Reads CSV as RFC 4180 has it and as programs write it: any delimiter of ours, whichever the header has most of; any line
 * ends, also mixed; with or without lines before the header that only programs read; cells trimmed, blank records left out.
 * Records may differ in length.
 * @param most records wanted; what comes after them is not read.
 */
export async function parseCsv(given: string, most: number): Promise<CsvRecord[] | CsvProblem> {
  const text = given.replaceAll(/\r\n?/g, "\n");
  const prologue = prologueOf(text);
  const body = text.slice(prologue.length);
  const delimiter = prologue.delimiter ?? delimiterOf(body);
  const endless = lineWithTooMany(delimiter, body);
  if (endless !== undefined) {
    const problem = `line ${prologue.lines + endless} has more than ${CELLS_OF_LINE.toLocaleString("en")} cells`;
    return { problem, after: undefined, where: "" };
  }
  const records: CsvRecord[] = [];
  /** Lines that are read. */
  let done = prologue.lines;
  const parser = parse({
    delimiter,
    record_delimiter: "\n",
    max_record_size: LONGEST_RECORD,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    trim: true,
    on_record(cells: string[], { lines }) {
      done = prologue.lines + lines;
      const isBlank = cells.every((cell) => trimUnseen(cell) === "");
      if (!isBlank && records.length < most) records.push({ cells, line: done - lineBreaksIn(cells) });
      return null;
    },
  });
  try {
    parser.resume();
    await pipeline(Readable.from(slices(body, () => records.length < most)), parser);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (records.length === most) return records;
    const problem = PROBLEMS[error.code] ?? "it is no CSV";
    const last = prologue.lines + Number(error.lines);
    return { problem, after: records.length, where: whereIs(error.code, text.split("\n"), done, last) };
  }
  return records;
}

const STRAY_QUOTE =
  "something follows a closing quote within its cell; look for a quote that is never closed, and write a quote inside a cell twice";

const PROBLEMS: Record<string, string> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is opened and never closed",
  CSV_MAX_RECORD_SIZE: `it has more than ${LONGEST_RECORD / 1024} KiB; look for a quote that is opened and never closed`,
  CSV_INVALID_CLOSING_QUOTE: STRAY_QUOTE,
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: STRAY_QUOTE,
  INVALID_OPENING_QUOTE:
    "a quote stands within a cell that doesn't begin with one; put the cell in quotes and write the quote twice",
};

/** @param done lines that belong to records before. @param last where the parser gave up: for some at the end of the file. */
function whereIs(code: string, lines: string[], done: number, last: number): string {
  const first = lines.findIndex((line, index) => index >= done && /[^\s,;|]/.test(line)) + 1;
  const isFound = code === "CSV_INVALID_CLOSING_QUOTE" && last > first;
  return isFound ? `lines ${first} to ${last}` : `line ${first}`;
}

/** Lines before the header: blank ones, Excel's `sep=;`, the version of a template, what PowerShell exports. */
function prologueOf(text: string): { length: number; lines: number; delimiter: string | undefined } {
  let [length, lines] = [0, 0];
  let delimiter: string | undefined;
  for (;;) {
    const end = text.indexOf("\n", length);
    const line = text.slice(length, end);
    const separator = /^"?sep=(.)"?$/i.exec(line)?.[1];
    const isNone = separator === undefined && !/^\s*$|^"?version:v?\d[\d.]*"?[,;\t|]*$|^#TYPE /i.test(line);
    if (end === -1 || isNone) return { length, lines, delimiter };
    delimiter ??= separator;
    length = end + 1;
    lines += 1;
  }
}

function delimiterOf(text: string): string {
  const start = text.slice(0, LONGEST_HEADER).trimStart();
  const header = /^(?:"[^"]*"|[^"\n])*/.exec(start)?.[0] ?? "";
  const bare = header.replaceAll(/"[^"]*"/g, "");
  const count = (delimiter: string) => bare.split(delimiter).length;
  return DELIMITERS.reduce((best, other) => (count(other) > count(best) ? other : best));
}

/** @returns the number of the first line that has too many cells, counted from 1. */
function lineWithTooMany(delimiter: string, text: string): number | undefined {
  let [line, cells, isQuoted] = [1, 1, false];
  for (const sign of text) {
    if (sign === '"') isQuoted = !isQuoted;
    if (sign === "\n") line += 1;
    if (isQuoted) continue;
    if (sign === "\n") cells = 1;
    else if (sign === delimiter) {
      cells += 1;
      if (cells > CELLS_OF_LINE) return line;
    }
  }
  return undefined;
}

function lineBreaksIn(cells: string[]): number {
  return cells.reduce((count, cell) => count + cell.split("\n").length - 1, 0);
}

/** Of bytes, so that no character is cut in half. */
async function* slices(text: string, wanted: () => boolean): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length && wanted(); start += SLICE) {
    yield bytes.subarray(start, start + SLICE);
    await setImmediate();
  }
}
