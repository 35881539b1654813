import { STATUS_CODES } from "node:http";
import { PERMISSIONS, SYSTEM_ROLES } from "../access/permissions.ts";
import { LIMITS } from "../http/rate-limiter.ts";
import { DEFAULT_QUOTAS } from "../models/quotas.ts";
import { type DocumentedErrors, documentedErrors } from "./documented-errors.ts";

/** Tables of the guide that the code knows best, as Markdown. */
export const guideTables: Record<string, string> = {
  permissions: permissionTable(),
  limits: limitTable(),
  quotas: quotaTable(),
  "management-errors": errorTable(documentedErrors.management),
  "bridge-errors": errorTable(documentedErrors.bridge),
};

/** Every permission, and which of the system roles have it. */
function permissionTable(): string {
  const roles = Object.entries(SYSTEM_ROLES);
  const rows = Object.entries(PERMISSIONS).map(([name, what]) => [
    `\`${name}\``,
    what,
    ...roles.map(([, { permissions }]) => (permissions.some((held) => held === name) ? "yes" : "–")),
  ]);
  return table(["Permission", "Allows you to", ...roles.map(([role]) => `\`${role}\``)], rows);
}

function limitTable(): string {
  const rows = [
    ["reads", LIMITS.read],
    ["writes", LIMITS.write],
    ["requests that invite", LIMITS.invite],
    ["requests that invite, by all members of an organization", LIMITS.invite_organization],
    ["requests that add a member by address", LIMITS.add_member],
    ["requests with an `Idempotency-Key`", LIMITS.keyed],
  ] as const;
  return table(
    ["Requests of a signed-in user", "At most"],
    rows.map(([what, { requests, seconds }]) => [
      what,
      `${requests.toLocaleString("en")} ${seconds === 60 ? "a minute" : "a day"}`,
    ]),
  );
}

function quotaTable(): string {
  const rows = Object.entries(DEFAULT_QUOTAS).map(([name, most]) => [`\`${name}\``, String(most)]);
  return table(["Quota", "Default"], rows);
}

function errorTable(errors: DocumentedErrors): string {
  const rows = Object.entries(errors).flatMap(([status, ofStatus]) =>
    Object.entries(ofStatus).map(([code, meaning]) => [
      `${status} ${STATUS_CODES[Number(status)]}`,
      `\`${code}\``,
      meaning,
    ]),
  );
  return table(["Status", "Code", "Meaning"], rows);
}

function table(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `\n${lines.join("\n")}\n`;
}
