import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../src/lib/package-root.ts";
import { buildOrganization, buildPerson, roleId } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import { pathWithCurl } from "./support/pastable.ts";

const readme = readFileSync(join(packageRoot(), "README.md"), "utf8");
const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
const calls = blocks.join("\n").match(/^curl (?:.*\n)*?.*'$/gm) ?? [];

const guildhall = useGuildhall();
let directory: string;
let path: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "guildhall-readme-"));
  path = await pathWithCurl(directory);
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

test("every npm command in the README exists", () => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  const named = [...readme.matchAll(/npm (?:run )?(\w+)/g)].map(([, name = ""]) => name);
  const builtIn = ["ci", "start", "test"];
  expect(named.length).toBeGreaterThan(8);
  for (const name of named) expect([...Object.keys(scripts), ...builtIn]).toContain(name);
});

test("every file the README links to exists", () => {
  const links = [...readme.matchAll(/\]\((?!http)([^)#]+)\)/g)].map(([, link = ""]) => link);
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) expect(existsSync(join(packageRoot(), link)), link).toBe(true);
});

test("the README's calls work when pasted, with ids and token filled in", async () => {
  const owner = await buildPerson(guildhall);
  await buildPerson(guildhall, { email: "luca@acme.example" });
  const organization = await buildOrganization(guildhall, owner);
  const values: Record<string, string> = {
    OPERATOR_TOKEN,
    ADMIN_TOKEN: OPERATOR_TOKEN,
    SESSION_TOKEN: owner.token,
    USER_ID: (await buildPerson(guildhall)).user.id,
    ORG_ID: organization.id,
    ROLE_ID: await roleId(guildhall, organization.environment_id, "billing"),
    "http://localhost:3000": guildhall.api.origin,
    "https://guildhall.example.com": guildhall.api.origin,
  };
  expect(calls.length).toBe(8);
  for (const call of calls) {
    const command = Object.entries(values).reduce(
      (text, [name, value]) => text.replaceAll(name, value),
      call,
    );
    const { stdout } = await promisify(execFile)("sh", ["-c", command], { env: { PATH: path } });
    const [resource, record] = [
      { data: { type: expect.any(String), links: { self: expect.any(String) } } },
      { success: true, data: expect.anything() },
    ];
    expect(JSON.parse(stdout), call).toMatchObject(call.includes("/bridge-payment/") ? record : resource);
  }
});
