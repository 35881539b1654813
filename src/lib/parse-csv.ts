import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { CsvError, parse } from "csv-parse";

/** The file can't be read. */
export interface CsvProblem {
  problem: string;
  /** How many records come before; undefined where `problem` says the place itself. */
  after: number | undefined;
}

/** What spreadsheets put between cells, by country. */
const DELIMITERS = [",", ";", "\t"];
/** Bytes parsed at a time: others get their turn in between. */
const SLICE = 64 * 1024;
/** Characters of a record at most: more than any row that could be taken. */
const LONGEST_RECORD = 64 * 1024;
/** Cells of a line at most. Reading each costs far more than its bytes, and an empty cell has one. */
const CELLS_OF_LINE = 1_000;
/** Nobody's header is longer. */
const LONGEST_HEADER = 10_000;

/**
 * Reads CSV as spreadsheets write it: comma, semicolon or tab between cells, whichever the header has most of; any line
 * ends, with or without a byte order mark; cells trimmed, empty records left out. Records may differ in length.
 * @param most records wanted; what comes after them is not read.
 */
export async function parseCsv(text: string, most: number): Promise<string[][] | CsvProblem> {
  const delimiter = delimiterOf(text);
  const endless = lineWithTooMany(delimiter, text);
  if (endless !== undefined) {
    const problem = `line ${endless} has more than ${CELLS_OF_LINE.toLocaleString("en")} cells`;
    return { problem, after: undefined };
  }
  const parser = parse({
    bom: true,
    delimiter,
    max_record_size: LONGEST_RECORD,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    trim: true,
    to: most,
  });
  const records: string[][] = [];
  try {
    for await (const record of Readable.from(slices(text)).pipe(parser)) records.push(record);
    return records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { problem: PROBLEMS[error.code] ?? "it is no CSV", after: records.length };
  }
}

const PROBLEMS: Record<string, string> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is opened and never closed",
  CSV_MAX_RECORD_SIZE: `it has more than ${LONGEST_RECORD / 1024} KiB; look for a quote that is opened and never closed`,
  CSV_INVALID_CLOSING_QUOTE:
    "something follows a closing quote within its cell; write a quote inside a cell twice",
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE:
    "something follows a closing quote within its cell; write a quote inside a cell twice",
  INVALID_OPENING_QUOTE:
    "a quote stands within a cell that doesn't begin with one; put the cell in quotes and write the quote twice",
};

function delimiterOf(text: string): string {
  const start = text.slice(0, LONGEST_HEADER).trimStart();
  const header = /^(?:"[^"]*"|[^"\r\n])*/.exec(start)?.[0] ?? "";
  const bare = header.replaceAll(/"[^"]*"/g, "");
  const count = (delimiter: string) => bare.split(delimiter).length;
  return DELIMITERS.reduce((best, other) => (count(other) > count(best) ? other : best));
}

/** @returns the number of the first line that has too many cells, counted from 1. */
function lineWithTooMany(delimiter: string, text: string): number | undefined {
  let line = 1;
  let cells = 1;
  let previous = "";
  for (const sign of text) {
    if (sign === "\n" || sign === "\r") {
      if (sign === "\r" || previous !== "\r") line += 1;
      cells = 1;
    } else if (sign === delimiter) {
      cells += 1;
      if (cells > CELLS_OF_LINE) return line;
    }
    previous = sign;
  }
  return undefined;
}

/** Of bytes, so that no character is cut in half. */
async function* slices(text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += SLICE) {
    yield bytes.subarray(start, start + SLICE);
    await setImmediate();
  }
}
