import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { readBatch, rowsOf, runBatches, sendCsv, taken } from "./support/batches.ts";
import { buildOrganization, buildPerson } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();

/** Sends a file exactly as it is stored. @returns the invitees, in the order of the rows. */
async function invitedBy(file: string, type: string, query: string): Promise<string[][]> {
  const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
  const answer = await fetch(
    `${guildhall.api.origin}/api/invitation-batches?organization=${organization.id}&${query}`,
    {
      method: "POST",
      headers: {
        Authorization: `Bearer ${OPERATOR_TOKEN}`,
        "X-Environment": "acme-test",
        "Content-Type": type,
      },
      body: new Uint8Array(await readFile(new URL(`files/${file}`, import.meta.url))),
    },
  );
  expect(answer.status, await answer.clone().text()).toBe(202);
  const { data } = (await answer.json()) as { data: { id: string } };
  await runBatches(guildhall);
  expect((await readBatch(guildhall, data.id)).attributes).toMatchObject({
    created_count: 4,
    total_count: 4,
  });
  const rows = await rowsOf(guildhall, data.id);
  return Promise.all(
    rows.map(async ({ invitation_id }) => {
      const { body } = await guildhall.api.get(`/api/invitations/${invitation_id}`);
      const { email, first_name, last_name, message } = body.data.attributes;
      expect(message).toBeNull();
      return [email, first_name, last_name];
    }),
  );
}

const ADA = ["ada@acme.example", "Ada", "Lovelace"];
const SOREN = ["soren@acme.example", "Søren", "Ærø"];
const MINH = ["minh@acme.example", "Nguyễn Thị", "Minh"];
const GRACE = ["grace@acme.example", "Grace", "Hopper"];
const [NAMELESS, WHOLE] = [[null, null], (name: string) => [name, null]];

describe("everyone in an export is invited by name:", () => {
  const others = "other_columns=ignore";
  test.each<[from: string, file: string, type: string, query: string, people: unknown[][]]>([
    ["Google Workspace", "google-workspace.csv", "text/csv", others, [ADA, SOREN, MINH, GRACE]],
    [
      "Microsoft Entra, with a guest",
      "entra-users.csv",
      "application/vnd.ms-excel",
      others,
      [ADA, SOREN, ["minh@guest.example", "Minh", null], GRACE],
    ],
    [
      "Microsoft 365",
      "microsoft-365-users.csv",
      "text/csv; charset=utf8",
      others,
      [ADA, SOREN, ["minh@acme.example", "Minh", null], GRACE],
    ],
    [
      "the template of Entra's invitations",
      "entra-bulk-invite.csv",
      "application/csv",
      others,
      [ADA, SOREN, MINH, GRACE].map(([email]) => [email, ...NAMELESS]),
    ],
    [
      "Okta, whose locales are written en_US",
      "okta-people.csv",
      "text/plain",
      others,
      [ADA, SOREN, MINH, GRACE],
    ],
    [
      "Slack, with whole names",
      "slack-members.csv",
      "text/csv",
      others,
      [
        ["ada@acme.example", ...WHOLE("Ada Lovelace")],
        ["soren@acme.example", ...WHOLE("Søren Ærø")],
        ["minh@acme.example", ...WHOLE("Nguyễn Thị Minh")],
        ["grace@acme.example", ...WHOLE("Grace Hopper")],
      ],
    ],
    [
      "Slack, with the names people chose",
      "slack-members.csv",
      "text/csv",
      `${others}&columns[full_name]=DisplayName`,
      [
        ["ada@acme.example", ...WHOLE("ada")],
        ["soren@acme.example", ...NAMELESS],
        ["minh@acme.example", ...WHOLE("Minh 🌱")],
        ["grace@acme.example", ...WHOLE("amazing grace")],
      ],
    ],
    ["HubSpot", "hubspot-contacts.csv", "text/csv", others, [ADA, SOREN, MINH, GRACE]],
    [
      "Outlook, in the encoding of Windows",
      "outlook-contacts.csv",
      "text/csv; charset=windows-1252",
      others,
      [ADA, SOREN, ["minh@acme.example", "Minh", "Nguyen"], GRACE],
    ],
  ])("%s", async (_, file, type, query, people) => {
    expect(await invitedBy(file, type, query)).toEqual(people);
  });

  test("an export with unknown columns needs other_columns=ignore", async () => {
    const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
    const csv = await readFile(new URL("files/slack-members.csv", import.meta.url), "utf8");
    const { status, body } = await sendCsv(guildhall.api, csv, `organization=${organization.id}`);
    expect(status).toBe(422);
    const [{ code, detail }] = body.errors;
    expect(code).toBe("invalid_csv");
    expect(detail).toContain(
      'Unknown columns "username", "status", "billing-active", "has-2fa", "has-sso", "userid", "displayname", "expiration-timestamp".',
    );
    expect(detail).toContain("other_columns=ignore");
    expect(detail).toContain("columns[email]=");
  });
});

describe("a column is found by its name in the query,", () => {
  const NAMES = ["Work: e-mail, main [Required]", "Né(e), prénom", "roles|granted"];
  const csv = `"${NAMES[0]}",email,"${NAMES[1]}","${NAMES[2]}"\nmapped@acme.example,other@acme.example,Zoë,billing;member\n`;

  test("a column's name in the query may have commas, colons and brackets", async () => {
    const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
    const query = new URLSearchParams({
      organization: organization.id,
      other_columns: "ignore",
      "columns[email]": (NAMES[0] ?? "").toUpperCase(),
      "columns[first_name]": ` ${NAMES[1]} `,
      "columns[roles]": NAMES[2] ?? "",
    });
    const id = taken(await sendCsv(guildhall.api, csv, `${query}`));
    const [{ email, input }] = await rowsOf(guildhall, id);
    expect(email).toBe("mapped@acme.example");
    expect(input).toMatchObject({ first_name: "Zoë", address: { email } });
    expect(input.role_ids).toHaveLength(2);
  });

  test.each<[what: string, query: string, detail: RegExp]>([
    [
      "one the file doesn't have",
      "columns[email]=E-mail",
      /columns\[email\]: the file has no column "E-mail"\. It has "Work: e-mail/,
    ],
    ["one column for two things", "columns[email]=email&columns[message]=email", /is used as email already/],
    [
      "parts of a name and the whole",
      "columns[full_name]=email&columns[last_name]=roles|granted&columns[email]=Work: e-mail, main [Required]",
      /full_name, or first_name and last_name/,
    ],
  ])("but not by %s: 422", async (_, query, detail) => {
    const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
    const { status, body } = await sendCsv(
      guildhall.api,
      csv,
      `organization=${organization.id}&other_columns=ignore&${query}`,
    );
    expect(status).toBe(422);
    expect(body.errors[0].detail).toMatch(detail);
  });
});
