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

/** Every import of one file of ours by another. */
const arrows: Arrow[] = ["src", "jobs", "migrations"].flatMap(filesIn).flatMap((from) => {
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

test("there are arrows to look at", () => {
  expect(arrows.length).toBeGreaterThan(200);
});

test("leaves import nothing of ours but leaves", () => {
  expect(violations(/^src\/lib\//, /^(?!src\/lib\/)/)).toEqual([]);
});

test("of jobs, the service imports the producer alone; only the composition roots start workers", () => {
  const roots = /^src\/(run-process|start-working|open-context)\.ts$/;
  expect(violations(/^src\//, /^jobs\/(?!queues\.ts)/, roots)).toEqual([]);
});

test("verbs know no face, and faces don't know each other", () => {
  const faces = /^src\/(management|bridge|pages)\//;
  const roots = /^src\/(app|start-serving)\.ts$/;
  expect(violations(/^src\/(?!management|bridge|pages|reference|local)/, faces, roots)).toEqual([]);
  expect(violations(/^src\/management\//, /^src\/(bridge|pages)\//)).toEqual([]);
  expect(violations(/^src\/pages\//, /^src\/(bridge|management)\//)).toEqual([]);
});

test("what describes the faces is known by nothing but the composition root", () => {
  expect(violations(/^src\/(?!reference)/, /^src\/reference\//, /^src\/app\.ts$/)).toEqual([]);
  expect(violations(/^src\/reference\/(?!docs-router)/, /^src\/pages\//)).toEqual([]);
});

test("models know no verb", () => {
  expect(violations(/^src\/models\//, /^src\/(?!models|db|lib|errors)/)).toEqual([]);
});

test("only the composition root loads what a developer's machine needs", () => {
  const roots = /^src\/(run-process|start-serving|provide-settings)\.ts$/;
  expect(violations(/^(src|jobs)\/(?!local\/)/, /^src\/local\//, roots)).toEqual([]);
});

/** Where knex may be asked directly, and why Objection and named statements don't do. */
const BARE_KNEX: Array<[file: RegExp, reason: string]> = [
  [/^src\/(json-api|management|bridge|billing)\//, "builds queries from what a request asks for"],
  [/^src\/access\/identities\//, "an identity has no id, and so no model"],
  [/^src\/models\/insert-unless-exists\.ts$/, "Objection can't say whether a row was inserted"],
  [/^src\/users\/delete-user\.ts$/, "looks for resources of every kind"],
  [/^src\/organizations\/(count|detach|delete)-organization(-rows)?\.ts$/, "goes through a list of tables"],
  [/^src\/invitation-batches\/work-off-chunk\.ts$/, "sets savepoints"],
  [/^src\/metrics\/database-metrics\.ts$/, "its queries must be planned each time"],
  [/^src\/http\/health\.ts$/, "asks for a setting"],
];

test("commands query one table by its model, and more by a named statement", () => {
  const bare = /\b(trx|db|knex|savepoint)(\(["`a-z]|\.(raw|select|from|insert)[<(])/;
  const found = ["src", "jobs"]
    .flatMap(filesIn)
    .filter((name) => bare.test(readFileSync(join(root, name), "utf8")));
  expect(found.filter((name) => !BARE_KNEX.some(([file]) => file.test(name)))).toEqual([]);
  expect(BARE_KNEX.filter(([file]) => !found.some((name) => file.test(name)))).toEqual([]);
});
