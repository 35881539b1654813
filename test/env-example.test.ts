import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../src/config/read-config.ts";
import { packageRoot } from "../src/lib/package-root.ts";

const read = (path: string) => readFileSync(join(packageRoot(), path), "utf8");
const example = read(".env.example");

/** The variables on the lines that match a pattern. */
function variables(line: RegExp): Record<string, string> {
  return Object.fromEntries([...example.matchAll(line)].map(([, name = "", value = ""]) => [name, value]));
}
const set = variables(/^([A-Z_]+)=(.*)$/gm);
const all = variables(/^#?([A-Z_]+)=(.*)$/gm);
const secrets = { SECRET_KEY: "a-secret-key-of-thirty-two-bytes", ADMIN_TOKEN: "an-operator-token" };

test(".env.example lists exactly the variables that the service reads", () => {
  const schema =
    /const Variables = z\.object\(\{\n([\s\S]*?)\n\}\)/.exec(read("src/config/variables.ts"))?.[1] ?? "";
  const names = [...schema.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name]) => name);
  expect(names).toContain("DATABASE_URL");
  expect(Object.keys(all).sort()).toEqual(names.sort());
});

test("every paragraph of .env.example begins with a comment", () => {
  expect(example).not.toMatch(/\n\n#?[A-Z_]+=/);
});

test(".env.example sets what production requires, and leaves secrets empty", () => {
  const missing = problem({ NODE_ENV: "production" }).match(/^\w+(?= is missing)/gm) ?? [];
  expect(Object.keys(set).sort()).toEqual(["NODE_ENV", ...missing].sort());
  expect(problem(set).match(/^\w+(?= is missing)/gm)).toEqual(Object.keys(secrets));
});

test("commented-out variables in .env.example are valid and show the defaults", () => {
  const config = readConfig({ ...set, ...secrets }, "api");
  expect(readConfig({ ...all, ...secrets }, "api")).toMatchObject(config);
});

function problem(environment: Record<string, string>): string {
  try {
    readConfig(environment, "api");
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
}
