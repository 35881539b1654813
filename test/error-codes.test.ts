import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { SENTENCES } from "../src/bridge/envelope.ts";
import { packageRoot } from "../src/lib/package-root.ts";
import { BRIDGE_ERROR_CODES } from "../src/reference/bridge-error-codes.ts";
import { ERROR_CODES } from "../src/reference/error-codes.ts";
import { codesIn } from "../src/reference/error-responses.ts";
import { MAIL_EVENTS_ERROR_CODES } from "../src/reference/mail-events-error-codes.ts";

const root = packageRoot();
const read = (path: string) => readFileSync(join(root, path), "utf8");

const STATUSES = { badRequest: 400, forbidden: 403, conflict: 409, invalid: 422, tooSoon: 429 };

/** The codes a file refuses with, each with its status where the file says it by the refusal's name. */
function codesOf(path: string): Array<{ code: string; status: number | undefined }> {
  const source = read(path);
  const calls = [
    ...source.matchAll(
      /\b(badRequest|forbidden|conflict|invalid|tooSoon|complain|refuse)\(\s*(?:\d+, )?"([a-z_]+)"/g,
    ),
    // One code or another, by a condition.
    ...source.matchAll(/\b(forbidden)\(\s*\w+ \? "([a-z_]+)" : "[a-z_]+"/g),
    ...source.matchAll(/\b(forbidden)\(\s*\w+ \? "[a-z_]+" : "([a-z_]+)"/g),
  ].map(([, name = "", code = ""]) => ({ code, status: STATUSES[name as keyof typeof STATUSES] }));
  const items = [...source.matchAll(/\bcode: "([a-z_]+)"/g)].map(([, code = ""]) => ({
    code,
    status: undefined,
  }));
  return [...calls, ...items];
}

/** The files loaded with these: what an API can answer through its imports. */
function loadedWith(...paths: string[]): Set<string> {
  const loaded = new Set<string>();
  for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
    if (loaded.has(path)) continue;
    loaded.add(path);
    const imports = read(path).matchAll(/^(?:import|export)(?! type)[^"';]*? from "(\.[^"]+)"/gms);
    for (const [, to = ""] of imports) paths.push(relative(root, resolve(root, dirname(path), to)));
  }
  return loaded;
}

/** What both APIs can answer without importing it, through their context. */
const EVERYWHERE = [
  "src/http/answer-errors.ts",
  "src/http/safe-headers.ts",
  "src/access/identities/identity-sources.ts",
];

function codesFrom(paths: Iterable<string>): string[] {
  return [...new Set([...paths].flatMap(codesOf).map(({ code }) => code))].sort();
}

test("the lists of error codes have exactly the codes in the source", () => {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/^(reference|access\/oauth|embedded)\//.test(name))
    .map((name) => join("src", name));
  const states = ["accepted", "declined", "revoked", "expired", "superseded"].map(
    (state) => `invitation_${state}`,
  );
  const listed = [...new Set([...codesIn(ERROR_CODES), ...codesIn(BRIDGE_ERROR_CODES)])].sort();
  expect(listed).toEqual([...codesFrom(files), ...states].sort());
});

test("the Bridge API lists exactly the codes that its endpoints can answer", () => {
  const loaded = loadedWith("src/bridge/bridge-router.ts", ...EVERYWHERE);
  const listed = codesIn(BRIDGE_ERROR_CODES);
  const never = [
    "not_acceptable", // It answers JSON whatever is accepted.
    "operator_only", // No endpoint is the operator's alone.
    "organization_exists", // `slug` and `external_id` are not set by it.
    "owner_not_grantable", // `owner` is no role its bodies take.
    "invalid_expires_at", // Its invitations have the environment's lifetime.
    ...["resend_limit", "resend_too_soon"], // It resends none.
  ];
  expect(listed.sort()).toEqual(codesFrom(loaded).filter((code) => !never.includes(code)));
});

test("the Management API lists exactly the codes that its endpoints can answer", () => {
  const loaded = loadedWith(
    "src/management/management-router.ts",
    "src/pages/recipient-pages.ts",
    "src/mail-events/mail-events-router.ts",
    ...EVERYWHERE,
  );
  const reached = codesFrom(loaded);
  const listed = codesIn(ERROR_CODES);
  expect(listed.filter((code) => !reached.includes(code) && !code.startsWith("invitation_"))).toEqual([]);
  expect(reached.filter((code) => !listed.includes(code))).toEqual([]);
});

test("/mail-events lists exactly the codes that it can answer", () => {
  const loaded = loadedWith(
    "src/mail-events/mail-events-router.ts",
    "src/http/answer-errors.ts",
    "src/http/safe-headers.ts",
  );
  const never = [
    ...["malformed_text", "too_deep", "too_many_values"], // Its values are cleaned, not refused.
    ...["conflict", "invalid_value"], // Its statement takes whatever was read.
    ...["malformed_request", "method_not_allowed"], // That is another path, or no POST.
    "unauthorized", // It asks for no credential.
  ];
  const listed = codesIn(MAIL_EVENTS_ERROR_CODES).sort();
  expect(listed).toEqual(codesFrom(loaded).filter((code) => !never.includes(code)));
});

test("every code is listed under the status it is answered with", () => {
  const statusesIn = (codes: typeof ERROR_CODES, code: string) =>
    Object.keys(codes).filter((status) => code in (codes[Number(status)] ?? {}));
  const loaded = [...loadedWith("src/management/management-router.ts", "src/bridge/bridge-router.ts")];
  const told = loaded.flatMap(codesOf).filter(({ status }) => status !== undefined);
  expect(told.length).toBeGreaterThan(60);
  for (const { code, status } of told) {
    const [onManagement, onBridge] = [statusesIn(ERROR_CODES, code), statusesIn(BRIDGE_ERROR_CODES, code)];
    if (onManagement.length > 0) expect(onManagement, code).toContain(String(status));
    if (onBridge.length > 0) expect(onBridge, code).toEqual([String(SENTENCES[code]?.status ?? status)]);
  }
});
