import { expect, test } from "vitest";
import { createRareWarnings } from "../src/lib/warn-rarely.ts";

test("a repeated warning is one line per cause and minute, with a count", () => {
  let now = 0;
  const lines: unknown[] = [];
  const write = (fields: object, message: string) => void lines.push({ ...fields, message });
  const warn = createRareWarnings({ warn: write, error: write }, { now: () => now });
  for (now = 0; now < 120_000; now += 10) warn("redis", { at: now }, "no Redis");
  warn("smtp", {}, "no mail server");
  warn("redis", { at: now }, "no Redis");
  expect(lines).toEqual([
    { at: 0, message: "no Redis" },
    { at: 60_000, held_back: 5_999, message: "no Redis" },
    { message: "no mail server" },
    { at: 120_000, held_back: 5_999, message: "no Redis" },
  ]);
});
