import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ERRORS } from "../src/error-codes.ts";
import { packageRoot } from "../src/lib/package-root.ts";

test("every error code of the table is used somewhere", () => {
  const root = join(packageRoot(), "src");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && name !== "error-codes.ts" && !name.startsWith("reference"))
    .map((name) => readFileSync(join(root, name), "utf8"));
  const source = files.join("\n");
  const codes = Object.values(ERRORS).flatMap((table) =>
    Object.values(table).flatMap((ofStatus) => Object.keys(ofStatus)),
  );
  // `closedInvitation` puts these together from the states, which its type has to name.
  const closed = /^invitation_(accepted|declined|revoked|expired|superseded)$/;
  expect(codes.filter((code) => !closed.test(code) && !source.includes(`"${code}"`))).toEqual([]);
});
