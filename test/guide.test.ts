import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PERMISSIONS } from "../src/access/permissions.ts";
import { packageRoot } from "../src/lib/package-root.ts";
import { seedDevelopment } from "../src/local/seed-development.ts";
import { codeSchema, documentedErrors } from "../src/reference/documented-errors.ts";
import { openapiDocument } from "../src/reference/openapi-document.ts";
import { guidePath } from "../src/reference/read-guide.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import { pathWithCurl } from "./support/pastable.ts";

const folder = join(packageRoot(), "docs", "guide");
const slugs = readdirSync(folder).map((file) => file.replace(".md", ""));

const guildhall = useGuildhall();
let directory: string;
let path: string;
let sessionToken: string;
const pages = new Map<string, string>();

beforeAll(async () => {
  guildhall.context.limiter.count = () => {};
  sessionToken = "a".repeat(43);
  await seedDevelopment(guildhall.context, sessionToken);
  directory = await mkdtemp(join(tmpdir(), "guildhall-guide-"));
  path = await pathWithCurl(directory);
  for (const slug of slugs) {
    const answer = await fetch(guildhall.api.origin + guidePath(slug));
    expect(answer.status, slug).toBe(200);
    pages.set(guidePath(slug), await answer.text());
  }
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** A shell example, with the statuses its page promises and the values its page says to keep. */
interface Example {
  command: string;
  statuses: number[];
  keep: Array<{ from: string; as: string }>;
}

function examplesIn(slug: string): Example[] {
  const markdown = readFileSync(join(folder, `${slug}.md`), "utf8");
  const blocks = [...markdown.matchAll(/```sh\n([\s\S]*?)\n```\n\n(.*)/g)];
  return blocks
    .filter(([, command]) => command?.startsWith("curl"))
    .map(([, command = "", below = ""]) => ({
      command,
      statuses: [...(/^Answers (.*?)\./.exec(below)?.[1] ?? "").matchAll(/\d+/g)].map(Number),
      keep: [...below.matchAll(/`([^`]+)` as `([A-Z_]+)`/g)].map(([, from = "", as = ""]) => ({ from, as })),
    }));
}

/** The value at a path such as `data[0].id`. */
function valueAt(document: unknown, from: string): string {
  const value = from
    .split(/[.[\]]+/)
    .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
  if (typeof value !== "string") throw new Error(`there is no ${from} in ${JSON.stringify(document)}`);
  return value;
}

async function paste(command: string, variables: Record<string, string>) {
  const script = `curl() { command curl -sS -w '\\n%{http_code}' "$@"; }\nset -u\n${command}`;
  const { stdout } = await promisify(execFile)("sh", ["-c", script], { env: { ...variables, PATH: path } });
  const end = stdout.lastIndexOf("\n");
  const text = stdout.slice(0, end);
  return { status: Number(stdout.slice(end + 1)), body: text === "" ? undefined : JSON.parse(text) };
}

test.each(slugs)("the examples of the guide's page %s work in order, pasted into a shell", async (slug) => {
  const variables: Record<string, string> = {
    GUILDHALL: guildhall.api.origin,
    ENVIRONMENT: "acme-test",
    TOKEN: OPERATOR_TOKEN,
    SESSION: sessionToken,
  };
  for (const { command, statuses, keep } of examplesIn(slug)) {
    const { status, body } = await paste(command, variables);
    expect(statuses, `${command}\n${JSON.stringify(body)}`).toContain(status);
    for (const { from, as } of keep) variables[as] = valueAt(body, from);
  }
});

test("the guide has examples of both APIs", () => {
  const commands = slugs.flatMap(examplesIn).map(({ command }) => command);
  expect(commands.length).toBeGreaterThan(50);
  expect(commands.join("\n")).toContain("/bridge-payment/");
});

test("the guide's links lead to existing pages, headings and operations", async () => {
  const document = openapiDocument();
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  const references = [
    ...operations.flatMap(({ tags, operationId }) => tags.map((tag) => `tag/${tag}/${operationId}`)),
    ...document.tags.map(({ name }) => `tag/${name}`),
  ];
  for (const [page, html] of pages) {
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size, page).toBe(ids.length);
    for (const [, href = ""] of html.matchAll(/href="(?!http)([^"]*)"/g)) {
      const [to = "", anchor] = href.split("#");
      const target = pages.get(to || page);
      if (target === undefined) expect((await fetch(guildhall.api.origin + to)).status, href).toBe(200);
      if (anchor !== undefined && target !== undefined) expect(target, href).toContain(` id="${anchor}"`);
      if (anchor !== undefined && to === "/docs/reference") expect(references, href).toContain(anchor);
    }
  }
});

test("the guide lists every permission and every error code", () => {
  for (const name of Object.keys(PERMISSIONS))
    expect(pages.get("/docs/roles")).toContain(`<code>${name}</code>`);
  for (const code of codeSchema(documentedErrors.management).enum)
    expect(pages.get("/docs/errors")).toContain(`<code>${code}</code>`);
});

test("every page of the guide links to all others and works without a script", () => {
  for (const [page, html] of pages) {
    for (const other of pages.keys()) expect(html, page).toContain(`href="${other}"`);
    expect(html.match(/<script/g), page).toHaveLength(1);
    expect(html, page).not.toMatch(/\sstyle=|\son[a-z]+=/);
  }
});
