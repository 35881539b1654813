import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { CsvError, parse } from "csv-parse";

/** The file can't be read, and where: its records before that. */
export interface CsvProblem {
  problem: string;
  after: number;
}

/** What spreadsheets put between cells, by country. */
const DELIMITERS = [",", ";", "\t"];
/** Bytes parsed at a time: others get their turn in between. */
const SLICE = 64 * 1024;
/** Nobody's header is longer. */
const LONGEST_HEADER = 10_000;

/**
 * Reads CSV as spreadsheets write it: comma, semicolon or tab between cells, whichever the header has most of; any line
 * ends, with or without a byte order mark; cells trimmed, empty records left out. Records may differ in length.
 * @param most records wanted; what comes after them is not read.
 */
export async function parseCsv(text: string, most: number): Promise<string[][] | CsvProblem> {
  const parser = parse({
    bom: true,
    delimiter: delimiterOf(text),
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

/** Of bytes, so that no character is cut in half. */
async function* slices(text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += SLICE) {
    yield bytes.subarray(start, start + SLICE);
    await setImmediate();
  }
}
