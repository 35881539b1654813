import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { packageRoot } from "../src/lib/package-root.ts";
import { runsOn } from "../src/lib/runs-on.ts";

const { scripts, engines }: { scripts: Record<string, string>; engines: { node: string } } = JSON.parse(
  readFileSync(`${packageRoot()}/package.json`, "utf8"),
);

test.each(Object.entries(scripts))("npm run %s uses nothing that cmd.exe lacks", (_, script) => {
  // Words of a Unix shell: builtins and tools, variables, single quotes, assignments before a program.
  expect(script).not.toMatch(/\b(exec|rm|cp|mkdir|export|source|sh|bash)\b|[$'`;]|(^|&& *)\w+=/);
});

test("the oldest Node that starts is the one in package.json", () => {
  const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(engines.node) ?? [];
  expect(runsOn(`${major}.${minor}.0`)).toBe(true);
  expect(runsOn(`${major}.${Number(minor) - 1}.9`)).toBe(false);
  expect(runsOn(`${Number(major) - 2}.99.0`)).toBe(false);
  expect(["22.0.0", "24.11.1"].map(runsOn)).toEqual([true, true]);
});
