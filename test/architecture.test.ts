import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../src/lib/package-root.ts";

const root = packageRoot();

interface Arrow {
  from: string;
  to: string;
  typeOnly: boolean;
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

/** Every import between our own files. */
const arrows: Arrow[] = ["src", "jobs", "migrations", "bench/bare"].flatMap(filesIn).flatMap((from) => {
  const source = readFileSync(join(root, from), "utf8");
  return [...source.matchAll(/^(import|export)( type)?[^"';]*? from "(\.[^"]+)"/gms)].map(
    ([, , type, path]) => ({
      from,
      to: relative(root, resolve(root, dirname(from), path ?? "")),
      typeOnly: type !== undefined,
    }),
  );
});

function violations(from: RegExp, to: RegExp, except = /^$/): string[] {
  return arrows
    .filter((arrow) => from.test(arrow.from) && to.test(arrow.to) && !except.test(arrow.from))
    .map((arrow) => `${arrow.from} → ${arrow.to}`);
}

test("the imports in the source are found", () => {
  expect(arrows.length).toBeGreaterThan(200);
});

test("no source file has more than 200 lines", () => {
  const long = ["src", "jobs"]
    .flatMap(filesIn)
    .filter((name) => readFileSync(join(root, name), "utf8").trimEnd().split("\n").length > 200);
  expect(long).toEqual([]);
});

test("no test has a title of more than 80 characters", () => {
  const title = /(?<!fetch)\(\s*(["'`])((?:(?!\1).){81,})\1,\s*(?:async |\{|\()/g;
  const long = filesIn("test").flatMap((name) =>
    [...readFileSync(join(root, name), "utf8").matchAll(title)].map(([, , text]) => `${name}: ${text}`),
  );
  expect(long).toEqual([]);
});

test("no path parameter has a fallback, because its type says it is there", () => {
  const fallback = /params\.\w+ \?\? ""/;
  const found = filesIn("src").filter((name) => fallback.test(readFileSync(join(root, name), "utf8")));
  expect(found).toEqual([]);
});

test("lib imports only lib", () => {
  expect(violations(/^src\/lib\//, /^(?!src\/lib\/)/)).toEqual([]);
});

test("src imports only the producer of jobs; the composition roots start workers", () => {
  const roots = /^src\/(run-process|start-working|open-context)\.ts$/;
  expect(violations(/^src\//, /^jobs\/(?!queues\.ts)/, roots)).toEqual([]);
});

test("commands import no API, and APIs and pages don't import each other", () => {
  const apis = /^src\/(management|bridge|pages)\//;
  const roots = /^src\/(app|start-serving)\.ts$/;
  expect(violations(/^src\/(?!management|bridge|pages|reference|local)/, apis, roots)).toEqual([]);
  expect(violations(/^src\/management\//, /^src\/(bridge|pages)\//)).toEqual([]);
  expect(violations(/^src\/pages\//, /^src\/(bridge|management)\//)).toEqual([]);
});

test("only the composition root imports the reference", () => {
  expect(violations(/^src\/(?!reference)/, /^src\/reference\//, /^src\/app\.ts$/)).toEqual([]);
  expect(violations(/^src\/reference\/(?!docs-router)/, /^src\/pages\//)).toEqual([]);
});

test("models import no command", () => {
  expect(violations(/^src\/models\//, /^src\/(?!models|db|lib|errors)/)).toEqual([]);
});

test("only the composition root loads what only a developer's machine needs", () => {
  const roots = /^src\/(run-process|start-serving|provide-settings)\.ts$/;
  expect(violations(/^(src|jobs)\/(?!local\/)/, /^src\/local\//, roots)).toEqual([]);
});

test("the bare servers of the bench share no module and no SQL function with us", () => {
  expect(violations(/^bench\/bare\//, /^(?!bench\/bare\/)/)).toEqual([]);
  const migrations = filesIn("migrations").map((name) => readFileSync(join(root, name), "utf8"));
  const functions = migrations.flatMap((source) =>
    [...source.matchAll(/create (?:or replace )?function (\w+)\(/g)].map(([, name = ""]) => name),
  );
  expect(functions).toContain("permissions_in");
  const bare = filesIn("bench/bare").map((name) => readFileSync(join(root, name), "utf8"));
  const called = functions.filter((name) => bare.some((source) => new RegExp(`\\b${name}\\(`).test(source)));
  expect(called).toEqual([]);
});

/** Files that may query knex directly, and why Objection and named statements aren't enough there. */
const BARE_KNEX: Array<[file: RegExp, reason: string]> = [
  [/^src\/(json-api|management|bridge|billing)\//, "builds queries from what a request asks for"],
  [/^src\/access\/identities\//, "an identity has no id, and so no model"],
  [/^src\/models\/insert-unless-exists\.ts$/, "Objection can't say whether a row was inserted"],
  [/^src\/users\/delete-user\.ts$/, "looks for resources of every kind"],
  [/^src\/organizations\/(count|detach|delete)-organization(-rows)?\.ts$/, "goes through a list of tables"],
  [/^src\/invitation-batches\/process-chunk\.ts$/, "sets savepoints"],
  [/^src\/metrics\/database-metrics\.ts$/, "its queries must be planned each time"],
  [/^src\/http\/health\.ts$/, "asks for a setting"],
];

test("commands query one table by its model, and several by a named statement", () => {
  const bare = /\b(trx|db|knex|savepoint)(\(["`a-z]|\.(raw|select|from|insert)[<(])/;
  const found = ["src", "jobs"]
    .flatMap(filesIn)
    .filter((name) => bare.test(readFileSync(join(root, name), "utf8")));
  expect(found.filter((name) => !BARE_KNEX.some(([file]) => file.test(name)))).toEqual([]);
  expect(BARE_KNEX.filter(([file]) => !found.some((name) => file.test(name)))).toEqual([]);
});
