import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { CsvError, parse } from "csv-parse";

export interface CsvRecord {
  cells: string[];
  /** The line on which it starts, counted from 1. */
  line: number;
}

/** Why a file can't be read. */
export interface CsvProblem {
  problem: string;
  /** The number of records before it. Undefined if `problem` names the place. */
  after: number | undefined;
  /** The place, such as `line 3`. */
  where: string;
}

/** The delimiters that programs use, depending on country and taste. */
const DELIMITERS = [",", ";", "\t", "|"];
/** Bytes parsed at a time. Other requests get their turn in between. */
const SLICE = 64 * 1024;
/** The most characters of a record, more than any valid row has. */
const LONGEST_RECORD = 64 * 1024;
/** The most cells per line. Parsing a cell costs far more than its bytes, and an empty cell takes one byte. */
const CELLS_OF_LINE = 1_000;
/** Characters. No real header is longer. */
const LONGEST_HEADER = 10_000;

/**
 * Parses CSV by RFC 4180 and as programs write it: with the delimiter that is most frequent in the header, any line
 * breaks, even mixed, and lines before the header that are meant for programs. Trims cells and skips blank records.
 * Records may differ in length.
 * @param most the number of records to read. The rest of the file is ignored.
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
  /** Lines read so far. */
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
    const problem = PROBLEMS[error.code] ?? "it is not CSV";
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

/**
 * Returns the place of a problem. @param done lines of all records before it. @param last the line where the parser
 * stopped, sometimes the last.
 */
function whereIs(code: string, lines: string[], done: number, last: number): string {
  const first = lines.findIndex((line, index) => index >= done && /[^\s,;|]/.test(line)) + 1;
  const isFound = code === "CSV_INVALID_CLOSING_QUOTE" && last > first;
  return isFound ? `lines ${first} to ${last}` : `line ${first}`;
}

/** Finds lines before the header: blank ones, Excel's `sep=;`, the version of a template, a type written by PowerShell. */
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

/** Returns the number of the first line with too many cells, counted from 1. */
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

/** Splits bytes, not characters, so that none is cut in half. */
async function* slices(text: string, wanted: () => boolean): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length && wanted(); start += SLICE) {
    yield bytes.subarray(start, start + SLICE);
    await setImmediate();
  }
}

/** White space and invisible characters, which text copied from a page or an email often contains. */
const UNSEEN = /[\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\u2800\ufeff]/;

/** Trims invisible characters. Only for addresses and codes: a name may need a joiner at its end. */
export function trimUnseen(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && UNSEEN.test(text[start] ?? "")) start += 1;
  while (end > start && UNSEEN.test(text[end - 1] ?? "")) end -= 1;
  return text.slice(start, end);
}
