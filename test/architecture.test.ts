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
  expect(violations(/^src\/(?!management|bridge|pages|openapi|docs|local)/, faces, roots)).toEqual([]);
  expect(violations(/^src\/management\//, /^src\/(bridge|pages)\//)).toEqual([]);
  expect(violations(/^src\/pages\//, /^src\/(bridge|management)\//)).toEqual([]);
});

test("what describes the faces is known by nothing but the composition root", () => {
  expect(violations(/^src\/(?!openapi|docs)/, /^src\/(openapi|docs)\//, /^src\/app\.ts$/)).toEqual([]);
  expect(violations(/^src\/openapi\//, /^src\/(docs|pages)\//)).toEqual([]);
});

test("models know no verb", () => {
  expect(violations(/^src\/models\//, /^src\/(?!models|db|lib|errors)/)).toEqual([]);
});

test("only the composition root loads what a developer's machine needs", () => {
  const roots = /^src\/(run-process|start-serving|provide-settings)\.ts$/;
  expect(violations(/^(src|jobs)\/(?!local\/)/, /^src\/local\//, roots)).toEqual([]);
});
