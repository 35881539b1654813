import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { packageRoot } from "../src/lib/package-root.ts";

const read = (name: string) => readFileSync(`${packageRoot()}/${name}`, "utf8");

/** Numbered rows; the last cell names tests, as `file`: “name” with “ · ” between. */
test.each([
  ["docs/pitfalls.md", 4],
  ["docs/json-api-rules.md", 3],
  ["docs/security.md", 4],
])("the rows of %s are numbered, complete and name existing tests", (document, columns) => {
  const rows = read(document)
    .split("\n")
    .filter((line) => /^\| *\d+ /.test(line))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
  expect(rows.length).toBeGreaterThan(10);
  for (const [index, cells] of rows.entries()) {
    const row = `row ${index + 1}`;
    expect(cells[0], row).toBe(String(index + 1));
    expect(cells, row).toHaveLength(columns);
    expect(cells, row).not.toContain("");
    const tests = cells.at(-1) ?? "";
    if (tests === "does not apply") continue;
    const named = [...tests.matchAll(/`(test\/[\w/.-]+\.test\.ts)`: “([^”]+)”/g)];
    expect(named.length, `${row} names tests and nothing else`).toBe(tests.split(" · ").length);
    for (const [, file = "", name = ""] of named) expect(read(file), row).toContain(`"${name}"`);
  }
});
