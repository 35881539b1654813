import { appendFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { compileMailsApart } from "../src/mail/compile-mails-apart.ts";
import { packageRoot } from "./support/own-templates.ts";

vi.mock("../src/lib/package-root.ts", () => import("./support/own-templates.ts"));

const modules = join(packageRoot(), "node_modules");
const file = join(modules, ".cache/guildhall/mails.json");

const { execArgv } = process;
beforeAll(() => {
  // The process that compiles is started like this one, and has to read TypeScript.
  process.execArgv = ["--import", "tsx"];
  cpSync(resolve("node_modules/mjml/package.json"), join(modules, "mjml/package.json"));
});

afterAll(() => {
  process.execArgv = execArgv;
});

/** Changes a kept email, so that a test sees whether it is used. */
function mark(): { marked: true } {
  const kept = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...kept, sources: { marked: true } }));
  return { marked: true };
}

test("compiled emails are kept for the next start until a template changes", async () => {
  const compiled = await compileMailsApart();
  expect(compiled).toEqual(inject("mailSources"));
  expect(await compileMailsApart()).toEqual(compiled);
  const marked = mark();
  expect(await compileMailsApart()).toEqual(marked);
  appendFileSync(join(packageRoot(), "templates/invitation.mjml"), "\n");
  expect(await compileMailsApart()).toEqual(compiled);
});

test("kept emails that can't be read are compiled again", async () => {
  const compiled = await compileMailsApart();
  writeFileSync(file, "{");
  expect(await compileMailsApart()).toEqual(compiled);
});
