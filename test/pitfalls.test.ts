import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { packageRoot } from "../src/lib/package-root.ts";

test("every pitfall of docs/pitfalls.md has an answer, and names tests that are there or says that it does not apply", () => {
  const read = (name: string) => readFileSync(`${packageRoot()}/${name}`, "utf8");
  const rows = read("docs/pitfalls.md")
    .split("\n")
    .filter((line) => /^\| *\d+ /.test(line))
    .map((line) => line.split("|").slice(1, -1));
  const cells = rows.map((row) => row.map((cell) => cell.trim()));
  expect(cells.map(([number]) => Number(number))).toEqual(Array.from({ length: 31 }, (_, n) => n + 1));
  for (const [number, pitfall, answer, tests = "", ...more] of cells) {
    expect([pitfall, answer, tests], `row ${number}`).not.toContain("");
    expect(more, `row ${number} has four cells`).toEqual([]);
    if (tests === "does not apply") continue;
    const named = [...tests.matchAll(/`(test\/[\w/-]+\.test\.ts)`: “([^”]+)”/g)];
    expect(named.length, `row ${number} names tests, and nothing else`).toBe(tests.split(" · ").length);
    for (const [, file = "", name = ""] of named) expect(read(file), `row ${number}`).toContain(`"${name}"`);
  }
});
