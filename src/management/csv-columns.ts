import { z } from "zod";
import { Refusal } from "../errors.ts";
import { clip } from "../lib/clip.ts";
import { trimUnseen } from "../lib/parse-csv.ts";

/** The columns we know. */
export const CSV_COLUMNS = [
  "email",
  "first_name",
  "last_name",
  "full_name",
  "roles",
  "message",
  "locale",
  "expires_at",
] as const;
export type CsvColumn = (typeof CSV_COLUMNS)[number];

/**
 * The names that directories and address books have for these columns, the best first, without case, punctuation and
 * notes in brackets. The roles have none, so that no column of another program grants anything by accident.
 */
const ALSO_CALLED: Partial<Record<CsvColumn, readonly string[]>> = {
  email: [
    ...["email", "emailaddress", "mail", "primaryemail", "primaryemailaddress", "workemail"],
    ...["emailaddresstoinvite", "email1value", "userprincipalname"],
  ],
  first_name: ["firstname", "givenname"],
  last_name: ["lastname", "surname", "familyname"],
  full_name: ["fullname", "displayname", "name"],
};

const COLUMN_TEXTS: Partial<Record<CsvColumn, string>> = {
  email: "the addresses",
  full_name: "whole names; they become `first_name`, because they can't be split reliably",
  roles: "the roles",
};

const heading = z
  .string()
  .trim()
  .min(1, { error: "name a column of the file" })
  .max(500, { error: "a column's name may have at most 500 characters" })
  .optional();
const mapping = Object.fromEntries(
  CSV_COLUMNS.map((column) => {
    const holds = COLUMN_TEXTS[column] ?? `\`${column}\``;
    const text = `Only with \`text/csv\`: the name of the file's column that holds ${holds}.`;
    return [`columns[${column}]`, heading.describe(text)] as const;
  }),
);

/** The parameters that say what a column holds if its name doesn't. */
export const csvColumnParameters = {
  ...(mapping as Record<`columns[${CsvColumn}]`, typeof heading>),
  other_columns: z
    .enum(["refuse", "ignore"], { error: "must be ignore or refuse" })
    .default("refuse")
    .describe(
      "Only with `text/csv`: `ignore` skips columns we don't know; `refuse` reports them, so that none is lost unnoticed.",
    ),
};

export type CsvColumnsAsked = z.infer<z.ZodObject<typeof csvColumnParameters>>;

/** More than an error can list, or a list of people needs. */
const COLUMNS_AT_MOST = 100;

const IGNORE = "add other_columns=ignore to the query";

/**
 * Finds out what each column of a file holds, by the query, by our names for it, or by the names of other programs.
 * @returns one value per column, undefined to ignore it.
 * @throws 422.
 */
export function csvColumns(header: string[], asked: CsvColumnsAsked): Array<CsvColumn | undefined> {
  const given = header.map(trimUnseen);
  // Spreadsheets write superfluous delimiters.
  const names = given.slice(0, given.findLastIndex((name) => name !== "") + 1);
  if (asked.other_columns === "refuse" && names.length > COLUMNS_AT_MOST)
    throw wrong(
      `The file has more than ${COLUMNS_AT_MOST} columns. To skip those that aren't needed, ${IGNORE}.`,
    );
  const folded = names.map((name) => name.toLowerCase());
  const plain = folded.map(plainName);
  const found: Array<CsvColumn | undefined> = names.map(() => undefined);
  const take = (column: CsvColumn, index: number) => {
    if (folded.indexOf(folded[index] ?? "", index + 1) !== -1)
      throw wrong(`The file has two columns ${names[index]}. Rename or delete one of them.`);
    found[index] = column;
  };

  for (const column of CSV_COLUMNS) {
    const wanted = asked[`columns[${column}]`];
    if (wanted === undefined) continue;
    const index = folded.indexOf(trimUnseen(wanted).toLowerCase());
    if (index === -1)
      throw wrong(`columns[${column}]: the file has no column ${quoted(wanted)}. It has ${listed(names)}.`);
    if (found[index] !== undefined)
      throw wrong(
        `columns[${column}]: the column ${quoted(wanted)} is used as ${found[index]} already. Name another one.`,
      );
    take(column, index);
  }
  const freeOf = (column: CsvColumn) => !found.includes(column);
  for (const column of CSV_COLUMNS.filter(freeOf)) {
    const index = folded.findIndex((name, at) => name === column && found[at] === undefined);
    if (index !== -1) take(column, index);
  }
  for (const column of CSV_COLUMNS.filter(freeOf)) {
    // A full name is only needed if its parts are missing.
    if (column === "full_name" && !(freeOf("first_name") && freeOf("last_name"))) continue;
    const index = (ALSO_CALLED[column] ?? [])
      .map((name) => plain.findIndex((other, at) => other === name && found[at] === undefined))
      .find((at) => at !== -1);
    if (index !== undefined) take(column, index);
  }
  if (found.includes("full_name") && !(freeOf("first_name") && freeOf("last_name")))
    throw wrong("Use full_name, or first_name and last_name, but not both.");
  if (asked.other_columns === "refuse") refuseOthers(names, found);
  if (freeOf("email"))
    throw wrong(
      `The column email is missing. If one of these holds the addresses, name it with columns[email]=…: ${listed(names)}.`,
    );
  return found;
}

function refuseOthers(names: string[], found: Array<CsvColumn | undefined>): void {
  const stray = names.find((name) => name.includes("@"));
  if (stray !== undefined)
    throw wrong(
      `The first row must name the columns, but ${quoted(stray)} is a value. Put a row such as “email” above it.`,
    );
  const others = names.filter((_, index) => found[index] === undefined);
  if (others.length === 0) return;
  const known = `The first row must name known columns: ${CSV_COLUMNS.join(", ")}.`;
  const unknown = others.length === 1 ? "Unknown column" : "Unknown columns";
  throw wrong(
    `${unknown} ${listed(others)}. ${known} To skip the others, ${IGNORE}; to say what one holds, name it with columns[email]=….`,
  );
}

/** `First Name [Required]` → `firstname`. */
function plainName(name: string): string {
  return name
    .replaceAll(/\[[^[\]]*\]/g, "")
    .replaceAll(/[^\p{L}\p{N}]/gu, "")
    .replace(/required$/, "");
}

function listed(names: string[]): string {
  return names.slice(0, COLUMNS_AT_MOST).map(quoted).join(", ");
}

function quoted(name: string): string {
  return JSON.stringify(clip(name, 100));
}

function wrong(detail: string): Refusal {
  return new Refusal(422, [{ code: "invalid_csv", detail }]);
}
