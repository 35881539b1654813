import { beforeAll, describe, expect, test } from "vitest";
import type { Api } from "./support/api.ts";
import { invitedTo, readBatch, rowsOf, runBatches, sendCsv, taken } from "./support/batches.ts";
import { buildOrganization, buildPerson, roleId, unique, uniqueEmail } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let api: Api;
let organization: { id: string; environment_id: string };
/** The query for a real run of the file. */
let here: string;

beforeAll(async () => {
  // One owner sends all the files, more than a person may in a minute.
  guildhall.context.limiter.count = () => {};
});

async function buildTeam() {
  const owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner);
  api = guildhall.api.as(owner.token);
  here = `organization=${organization.id}`;
}
beforeAll(buildTeam);

/** Sends a file and runs its batch. @returns its rows. */
async function becomeOf(csv: string, query = here) {
  const id = taken(await sendCsv(api, csv, query));
  await runBatches(guildhall);
  return rowsOf(guildhall, id);
}

describe("a file", () => {
  test("a file invites with roles by name or id, message, language and expiry", async () => {
    const [one, two, three] = [uniqueEmail(), uniqueEmail(), uniqueEmail()];
    const billing = await roleId(guildhall, organization.environment_id, "billing");
    const member = await roleId(guildhall, organization.environment_id, "member");
    const expires_at = new Date(Date.now() + 3 * 86_400_000).toISOString();
    const csv = [
      "email,roles,message,locale,expires_at",
      `${one},billing|member,"Hello, dear ""friend""\nof ours",en,${expires_at}`,
      `${two},${billing}; MEMBER,,,`,
      `${three},,,,`,
    ].join("\r\n");
    const answer = await sendCsv(api, csv, here);
    expect(answer).toMatchObject({
      status: 202,
      body: { data: { attributes: { total_count: 3, dry_run: false, status: "queued" } } },
    });
    expect(answer.headers.get("Location")).toBe(answer.body.data.links.self);
    await runBatches(guildhall);
    const rows = await rowsOf(guildhall, taken(answer));
    const invitations = await Promise.all(
      rows.map(
        async ({ invitation_id }) =>
          (await api.get(`/api/invitations/${invitation_id}`)).body.data.attributes,
      ),
    );
    expect(invitations).toMatchObject([
      {
        email: one,
        role_ids: [billing, member].sort(),
        message: 'Hello, dear "friend"\nof ours',
        locale: "en",
        expires_at,
      },
      { email: two, role_ids: [billing, member].sort(), message: null, locale: null },
      { email: three, role_ids: [member], message: null },
    ]);
  });

  test("a role name prefers the organization's role and the exact case", async () => {
    const { environment_id, id: organization_id } = organization;
    const name = unique("desk");
    const role = async (as: string, of: string | null) => {
      const [{ id }] = await guildhall
        .db("roles")
        .insert({ id: `role_${unique("x")}`, environment_id, organization_id: of, name: as })
        .returning("id");
      return id as string;
    };
    const general = await role(name, null);
    const shouted = await role(name.toUpperCase(), null);
    const own = await role(name, organization_id);
    const csv = `email,roles\n${uniqueEmail()},${name}\n${uniqueEmail()},${name.toUpperCase()}\n${uniqueEmail()},${name.replace("d", "D")}`;
    const rows = await becomeOf(csv);
    const given = await Promise.all(
      rows.map(({ invitation_id }) =>
        guildhall.db("invitation_roles").where({ invitation_id }).pluck("role_id"),
      ),
    );
    expect(given).toEqual([[own], [shouted], [own]]);
    expect(given.flat()).not.toContain(general);
  });

  test("a file can be a dry run, by the query", async () => {
    const email = uniqueEmail();
    const [row] = await becomeOf(`email\n${email}`, `${here}&dry_run=true`);
    expect(row).toMatchObject({ status: "created", invitation_id: null });
    expect(await invitedTo(guildhall, organization)).not.toContain(email);
    expect(await becomeOf(`email\n${email}`, `${here}&dry_run=false`)).toMatchObject([{ status: "created" }]);
  });

  test("wrong rows of a file fail like those of JSON and stop no other", async () => {
    const email = uniqueEmail();
    const rows = await becomeOf(
      [
        "email,roles,locale,expires_at",
        "no address,,,",
        `${uniqueEmail()},Bookkeeper,,`,
        `${uniqueEmail()},owner,,`,
        `${uniqueEmail()},,English,`,
        `${uniqueEmail()},,,2027-01-31`,
        `${uniqueEmail()},,,2020-01-31T12:00:00Z`,
        `${uniqueEmail()},,,,and more`,
        ",member,,",
        `${uniqueEmail()},${Array(51).fill("member").join("|")},,`,
        email,
        `${email.toUpperCase()},,,`,
      ].join("\n"),
    );
    expect(rows.map(({ status, code }) => code ?? status)).toEqual([
      ...["invalid_attribute", "not_found", "owner_not_grantable", "invalid_attribute", "invalid_attribute"],
      ...["invalid_expires_at", "invalid_attribute", "invalid_attribute", "invalid_attribute"],
      ...["created", "duplicate_row"],
    ]);
    expect(rows[1]?.detail).toContain("Bookkeeper");
    expect(rows[6]?.detail).toMatch(/^row: has 5 cells, but there are 4 columns; .*in quotes/);
    expect(rows[9]?.detail).toBeNull();
    expect(rows[10]?.detail).toBe("Row 10 has the same address.");
  });
});

describe("a file is read however a spreadsheet writes it:", () => {
  const MARK = "\ufeff";
  test.each<[how: string, write: (email: string, other: string) => string]>([
    ["with line feeds", (a, b) => `email,roles\n${a},member\n${b},\n`],
    ["with carriage returns and line feeds", (a, b) => `email,roles\r\n${a},member\r\n${b},\r\n`],
    ["with carriage returns alone", (a, b) => `email,roles\r${a},member\r${b},\r`],
    ["without a line end at its end", (a, b) => `email\n${a}\n${b}`],
    ["with a byte order mark", (a, b) => `${MARK}email,roles\n${a},member\n${b},\n`],
    ["with a byte order mark and quotes", (a, b) => `${MARK}"email","roles"\n"${a}","member"\n"${b}",""\n`],
    ["with semicolons", (a, b) => `email;roles;message\n${a};"billing;member";Hi, you\n${b};;\n`],
    ["with tabs", (a, b) => `email\troles\tmessage\n${a}\tmember\t"a; b, c"\n${b}\t\t\n`],
    ["with a delimiter inside a quoted name", (a, b) => `"email"\t"roles"\n${a}\t\n${b}\t`],
    ["with columns in another order and case", (a, b) => `Message, ROLES ,Email\nHi,member,${a}\n,,${b}\n`],
    ["with spaces around cells", (a, b) => `email , roles\n  ${a} , member \n ${b},\n`],
    ["with empty lines and rows of nothing", (a, b) => `\n\nemail,roles\n\n${a},\n,\n  \n,\n${b},\n\n`],
    ["with one delimiter too many in every row", (a, b) => `email,roles,,\n${a},member,,\n${b},,,\n`],
    ["with shorter rows", (a, b) => `email,roles,message\n${a}\n${b},member\n`],
  ])("%s", async (_, write) => {
    const [a, b] = [uniqueEmail(), uniqueEmail()];
    const rows = await becomeOf(write(a, b));
    expect(rows).toMatchObject([
      { number: 1, email: a, status: "created" },
      { number: 2, email: b, status: "created" },
    ]);
  });

  test("300 KiB of four-byte characters are read without cutting one", async () => {
    const messages = Array.from({ length: 700 }, (_, n) => `${"🙂".repeat(105 + (n % 7))}x`);
    const csv = `email,message\n${messages.map((message) => `${uniqueEmail()},${message}`).join("\n")}`;
    const id = taken(await sendCsv(api, csv, here));
    const inputs = (await rowsOf(guildhall, id)).map(({ input }) => input.message);
    expect(inputs).toEqual(messages);
    await api.post(`/api/invitation-batches/${id}/cancel`);
  });
});

describe("every row stays a row with its own cells:", () => {
  test.each<[how: string, ends: string[]]>([
    ["with a line feed among carriage returns and line feeds", ["\r\n", "\n", "\r\n"]],
    ["with carriage returns and line feeds after a line feed", ["\n", "\r\n", "\r\n"]],
    ["with a carriage return among line feeds", ["\n", "\r", "\n"]],
    ["with line feeds among carriage returns", ["\r", "\n", "\r"]],
    ["with each kind once", ["\r", "\r\n", "\n"]],
  ])("%s", async (_, [first, second, third]) => {
    const [a, b, c] = [uniqueEmail(), uniqueEmail(), uniqueEmail()];
    const csv = `email,message${first}${a},Hi${second}${b}${third}${c},Yo${first}`;
    const rows = await rowsOf(guildhall, taken(await sendCsv(api, csv, here)));
    expect(rows.map(({ email, line, input }) => [email, line, input.message])).toEqual([
      [a, 2, "Hi"],
      [b, 3, undefined],
      [c, 4, "Yo"],
    ]);
  });

  test("a row knows its line despite line breaks, blank lines and preambles", async () => {
    const csv = [
      ...["sep=;", "", "email;message"],
      ...['"one@lines.example";"two', 'lines"', ";", "", "\u00a0;\u200b", "two@lines.example;Hi", "none;"],
    ].join("\r\n");
    const id = taken(await sendCsv(api, csv, here));
    const { body } = await api.get(`/api/invitation-batch-rows?filter[batch]=${id}`);
    const outcomes = body.data.map(({ attributes }: { attributes: object }) => attributes);
    expect(outcomes).toMatchObject([
      { number: 1, line: 4, email: "one@lines.example" },
      { number: 2, line: 9, email: "two@lines.example" },
      { number: 3, line: 10, email: "none", status: "failed", detail: expect.stringContaining('no "@"') },
    ]);
    await api.post(`/api/invitation-batches/${id}/cancel`);
  });

  test("a row that breaks the file is named with its line", async () => {
    const rows = Array.from({ length: 9_000 }, (_, n) => `p${n}@example.com,"one\r\ntwo"`);
    for (const [at, place] of [
      [0, "Row 1 (line 2)"],
      [4_711, "Row 4712 (line 9424)"],
      [8_999, "Row 9000 (line 18000)"],
    ] as const) {
      const broken = rows.with(at, 'broken@example.com,say "yes"');
      const { status, body } = await sendCsv(api, `email,message\r\n${broken.join("\r\n")}`, here);
      expect(status).toBe(400);
      expect(body.errors[0].detail).toContain(place);
    }
  });

  test("an unclosed quote is named with the lines it spans", async () => {
    const csv = 'email,message\na@b.example,"Hi\nb@b.example,\nc@b.example,"Yo"\n';
    const { body } = await sendCsv(api, csv, here);
    expect(body.errors[0].detail).toMatch(/^Row 1 \(lines 2 to 4\) .*never closed/);
  });

  test.each<[program: string, prologue: string]>([
    ["Excel", "sep=;\r\n"],
    ["a directory's template", "version:v1.0;;\r\n"],
    ["PowerShell", "#TYPE Selected.System.Management.Automation.PSCustomObject\n"],
  ])("a file is read after a line that only %s reads", async (_, prologue) => {
    const email = uniqueEmail();
    const id = taken(await sendCsv(api, `\ufeff${prologue}email;message\n${email};Hi, you\n`, here));
    expect(await rowsOf(guildhall, id)).toMatchObject([{ email, line: 3, input: { message: "Hi, you" } }]);
  });

  test("a file may separate cells by bars", async () => {
    const email = uniqueEmail();
    const id = taken(await sendCsv(api, `email|roles|message\n${email}|billing;member|a, b\n`, here));
    const [{ input }] = await rowsOf(guildhall, id);
    expect(input).toMatchObject({ message: "a, b", role_ids: [expect.any(String), expect.any(String)] });
  });
});

describe("a cell of roles", () => {
  const names = ["R&D | Labs", "Sales, EMEA", "A;B", "Back\\slash"].map((name) => `${name} ${unique("x")}`);
  const [labs = "", sales = "", pair = "", slash = ""] = names;
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    const { environment_id, id: organization_id } = organization;
    for (const name of names) {
      const [{ id }] = await guildhall
        .db("roles")
        .insert({ id: `role_${unique("x")}`, environment_id, organization_id, name })
        .returning("id");
      ids[name] = id;
    }
    for (const name of ["billing", "member"] as const)
      ids[name] = await roleId(guildhall, environment_id, name);
  });

  test.each<[cell: string, roles: string[]]>([
    ["billing,member", ["billing", "member"]],
    ["billing; member", ["billing", "member"]],
    ["billing | member |", ["billing", "member"]],
    ["billing\nmember", ["billing", "member"]],
    ["billing;member,billing", ["billing", "member", "billing"]],
    [" \u00a0Billing\u200b", ["billing"]],
    [labs, [labs]],
    [`${labs}; billing`, [labs, "billing"]],
    [`"${labs}"|billing`, ["billing", labs]],
    [`${labs.replace("|", "\\|")}|billing`, ["billing", labs]],
    [`${sales};${labs}`, [sales, labs]],
    [pair, [pair]],
    [`"${pair}", ${slash}`, [pair, slash]],
  ])("gives %s", async (cell, roles) => {
    const csv = `email,roles\n${uniqueEmail()},"${cell.replaceAll('"', '""')}"`;
    const id = taken(await sendCsv(api, csv, here));
    const [{ detail, input }] = await rowsOf(guildhall, id);
    expect(detail).toBeNull();
    expect([...input.role_ids].sort()).toEqual(roles.map((name) => ids[name]).sort());
    await api.post(`/api/invitation-batches/${id}/cancel`);
  });

  test("an unknown role fails its row and lists the existing ones", async () => {
    const [row] = await becomeOf(`email,roles\n${uniqueEmail()},"member; Bookkeeper"`);
    expect(row).toMatchObject({ status: "failed", code: "not_found", line: 2 });
    expect(row.detail).toMatch(
      /^roles: there is no role "Bookkeeper" here\. The roles are: .*admin, billing/,
    );
    expect(row.detail).toContain(`"${labs}"`);
    expect(row.detail).not.toMatch(/owner|role_ids/);
  });
});

describe("a cell of an address", () => {
  test.each<[cell: string, email: string, first_name: string | null]>([
    ["  ann@cells.example  ", "ann@cells.example", null],
    ["\u00a0ann@cells.example\u200b", "ann@cells.example", null],
    ["\ufeff\u2060ann@cells.example\u200e", "ann@cells.example", null],
    ["ann@cells.example\n", "ann@cells.example", null],
    ["mailto:ann@cells.example", "ann@cells.example", null],
    ["<ann@cells.example>", "ann@cells.example", null],
    ["ann@cells.example <mailto:ann@cells.example>", "ann@cells.example", null],
    ["Ann Lee <ann@cells.example>", "ann@cells.example", "Ann Lee"],
    ['"Lee, Ann" <ann@cells.example>', "ann@cells.example", "Lee, Ann"],
    ["'Ann Lee' < ann@cells.example >", "ann@cells.example", "Ann Lee"],
  ])("the address cell %j is that address without the name", async (cell, email, first_name) => {
    const csv = `email\n"${cell.replaceAll('"', '""')}"`;
    const id = taken(await sendCsv(api, csv, `${here}&dry_run=true`));
    const [{ input }] = await rowsOf(guildhall, id);
    expect({ first_name: null, last_name: null, ...input }).toMatchObject({
      address: { email },
      first_name,
      last_name: null,
    });
    await runBatches(guildhall);
  });

  test.each<[cell: string, detail: string]>([
    ["ann\u200b@cells.example", 'delete a zero-width space (U+200B) after "ann"'],
    ["ann@cells\u00adx.example", 'delete a soft hyphen (U+00AD) after "ann@cells"'],
    ["ann @cells.example", 'delete a space (U+0020) after "ann"'],
    ["änn@cells.example", '"ä" (U+00E4) can\'t stand at the beginning'],
    ["ann.cells.example", 'there is no "@"'],
    ["ann@cells.example; bob@cells.example", "there are several here: write one only"],
    ["bob@cells.example <ann@cells.example>", "there are several here: write one only"],
    ["ann_cells.example#EXT#@acme.example", "a directory's name for a guest"],
    ["ann@cells", 'email can\'t be sent to "cells": write a full domain'],
  ])("the address cell %j fails its row and says what to do", async (cell, detail) => {
    const [row] = await becomeOf(`email\n"${cell}"`);
    expect(row).toMatchObject({ status: "failed", code: "invalid_attribute", email: cell, line: 2 });
    expect(row.detail).toMatch(/^email: /);
    expect(row.detail).toContain(detail);
  });
});

test("a quoted cell may hold any number of delimiters, line breaks and quotes", async () => {
  const notes = `,;""${",".repeat(1_500)}\n${",".repeat(1_500)}`;
  const rows = await becomeOf(`email,notes\n${uniqueEmail()},"${notes}"\n`, `${here}&other_columns=ignore`);
  expect(rows).toMatchObject([{ status: "created" }]);
});

describe("a whole file is refused, and nothing of it done, if it", () => {
  test.each<[what: string, csv: string, status: number, code: string, detail: RegExp]>([
    ["is empty", "", 422, "invalid_csv", /empty/],
    ["has nothing but white space", " \n\r\n\t\n", 422, "invalid_csv", /empty/],
    ["has only a header row", "email,roles\n", 422, "invalid_csv", /header but no rows/],
    [
      "has no column email",
      "colleague,roles\na@b.example,\n",
      422,
      "invalid_csv",
      /Unknown column "colleague".*email, .*roles/,
    ],
    ["lacks the column email", "roles,message\nmember,Hi\n", 422, "invalid_csv", /email is missing/],
    ["has no header row", "jane@example.com\njoe@example.com", 422, "invalid_csv", /"jane@example.com"/],
    ["has an unknown column", "email,colour\na@b.example,red", 422, "invalid_csv", /Unknown column "colour"/],
    ["has a column without a name", "email,,roles\na@b.example,,", 422, "invalid_csv", /Unknown column ""/],
    ["has a column twice", "email,roles,Email\na@b.example,,", 422, "invalid_csv", /two columns email/],
    [
      "has an unclosed quote",
      'email,message\na@b.example,x\nb@b.example,"y\nz',
      400,
      "malformed_csv",
      /Row 2 .*never closed/,
    ],
    [
      "has a quote within a cell",
      'email,message\na@b.example,say "y"',
      400,
      "malformed_csv",
      /Row 1 .*within a cell/,
    ],
    [
      "goes on after a quote",
      'email,message\na@b.example,"say" y',
      400,
      "malformed_csv",
      /Row 1 .*closing quote/,
    ],
    ["has a broken header row", '"email\na@b.example', 400, "malformed_csv", /The header .*never closed/],
    ["holds a NUL", "email\na@b.example\u0000", 400, "malformed_text", /NUL/],
  ])("%s", async (_, csv, status, code, detail) => {
    const before = await guildhall.db("invitation_batches").pluck("id");
    const answer = await sendCsv(api, csv, here);
    expect(answer).toMatchObject(refusal(status, code));
    expect(answer.body.errors[0].detail).toMatch(detail);
    expect(answer.body.errors[0].source).toBeUndefined();
    expect(await guildhall.db("invitation_batches").pluck("id")).toEqual(before);
  });

  test("a file may have 10,000 rows and no more", async () => {
    const rows = Array.from({ length: 10_001 }, (_, n) => `p${n}@example.com`);
    const many = await sendCsv(api, `email\n${rows.join("\n")}`, here);
    expect(many).toMatchObject(refusal(422, "invalid_csv"));
    expect(many.body.errors[0].detail).toContain("10,000");
    const id = taken(await sendCsv(api, `email\n${rows.slice(1).join("\n")}`, here));
    expect((await readBatch(guildhall, id)).attributes.total_count).toBe(10_000);
    expect(await api.post(`/api/invitation-batches/${id}/cancel`)).toMatchObject({ status: 200 });
  });

  test("a file may have 4 MiB and no more", async () => {
    const sized = (bytes: number) => `email\n${uniqueEmail()}`.padEnd(bytes, "\n");
    expect(await sendCsv(api, sized(4 * 1024 * 1024 + 1), here)).toMatchObject(
      refusal(413, "body_too_large"),
    );
    const id = taken(await sendCsv(api, sized(4 * 1024 * 1024), here));
    expect((await readBatch(guildhall, id)).attributes.total_count).toBe(1);
  });

  test.each<[what: string, bytes: Buffer, status: number, detail: RegExp]>([
    [
      "is in Latin-1 and doesn't say so",
      Buffer.from("email,message\r\na@b.example,\r\njane@example.com,Olé", "latin1"),
      400,
      /^Line 3 .*UTF-8.*CSV UTF-8.*charset=windows-1252/,
    ],
    ["is in UTF-16 and cut", Buffer.from("fffe65006d00", "hex").subarray(0, 5), 400, /UTF-16LE.*CSV UTF-8/],
    ["is a workbook", Buffer.from("504b0304140006000800", "hex"), 415, /workbook.*CSV UTF-8/],
    ["is an old workbook", Buffer.from("d0cf11e0a1b11ae10000", "hex"), 415, /workbook.*CSV UTF-8/],
  ])("a file is refused as a whole if it %s", async (_, bytes, status, detail) => {
    const answer = await sendBytes(bytes, "text/csv");
    expect(answer.status).toBe(status);
    expect(answer.errors[0].detail).toMatch(detail);
  });
});

describe("a file is decoded in any encoding:", () => {
  const csv = 'email,message\nencoded@example.com,"“5 €”, déjà vu"\n';
  test.each<[string, Buffer, string]>([
    ["UTF-16 as Excel writes it", Buffer.from(`\ufeff${csv}`, "utf16le"), "text/csv"],
    ["UTF-16 without a mark", Buffer.from(csv, "utf16le"), "text/csv"],
    ["UTF-16 in the other byte order", Buffer.from(`\ufeff${csv}`, "utf16le").swap16(), "text/csv"],
    [
      "windows-1252, by its name",
      Buffer.from('email,message\nencoded@example.com,"\x935 \x80\x94, d\xe9j\xe0 vu"\n', "latin1"),
      "text/csv; charset=windows-1252",
    ],
    [
      "windows-1252, called ISO 8859-1",
      Buffer.from('email,message\nencoded@example.com,"\x935 \x80\x94, d\xe9j\xe0 vu"\n', "latin1"),
      'application/vnd.ms-excel; charset="ISO-8859-1"',
    ],
  ])("%s", async (_, bytes, type) => {
    const answer = await sendBytes(bytes, type);
    expect(answer.status).toBe(202);
    const [row] = await rowsOf(guildhall, answer.data.id);
    expect(row.input.message).toBe("“5 €”, déjà vu");
    await api.post(`/api/invitation-batches/${answer.data.id}/cancel`);
  });
});

async function sendBytes(bytes: Buffer, type: string) {
  const answer = await fetch(`${guildhall.api.origin}/api/invitation-batches?${here}`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${OPERATOR_TOKEN}`,
      "X-Environment": "acme-test",
      "Content-Type": type,
    },
    body: new Uint8Array(bytes),
  });
  return { status: answer.status, ...JSON.parse(await answer.text()) };
}

describe("a file is read only from callers who may invite:", () => {
  test.each([
    ["malformed", 'email\n"a@b.example'],
    ["empty", ""],
  ])("a file that is %s is 404 for anyone who can't invite there", async (_, csv) => {
    const outsider = guildhall.api.as((await buildPerson(guildhall)).token);
    expect(await sendCsv(outsider, csv, here)).toMatchObject(refusal(404, "not_found"));
  });
});

describe("a file is refused without being read to its end if it", () => {
  test.each<[string, string, number, RegExp]>([
    ["has more than 100 columns", "email,".repeat(101), 422, /more than 100 columns/],
    ["has a record of more than 64 KiB", `email\n${"x".repeat(70_000)}`, 400, /Row 1 .*more than 64 KiB/],
    [
      "has a line of more than 1,000 cells",
      `email\n${",".repeat(1_000)}`,
      400,
      /line 2 has more than 1,000 cells/,
    ],
  ])("%s", async (_, csv, status, detail) => {
    const answer = await sendCsv(api, csv, here);
    expect(answer.status).toBe(status);
    expect(answer.body.errors[0].detail).toMatch(detail);
  });
});

describe("the request around a file", () => {
  const csv = () => `email\n${uniqueEmail()}`;

  test.each<[type: string, status: number]>([
    ["text/csv", 202],
    ["Text/CSV; charset=UTF-8; header=present", 202],
    ['text/csv; charset="utf-8"', 202],
    ["text/csv; charset=utf8", 202],
    ["text/plain", 202],
    ["application/csv", 202],
    ["application/vnd.ms-excel", 202],
    ["text/csv; charset=none-we-know", 415],
    ["application/x-www-form-urlencoded", 415],
    ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 415],
  ])("the type %s gives %i", async (type, status) => {
    const isForm = type.includes("form") || type.includes("sheet");
    const answer = await sendCsv(api, csv(), here, type);
    expect(answer.status).toBe(status);
    if (status !== 415) return;
    expect(answer.body.errors[0].source).toEqual({ header: "Content-Type" });
    expect(answer.body.errors[0].detail).toMatch(isForm ? /text\/csv.*workbook/ : /UTF-8/);
  });

  test.each<[what: string, query: () => string, parameter: string]>([
    ["no organization", () => "dry_run=true", "organization"],
    ["a dry_run other than true or false", () => `${here}&dry_run=1`, "dry_run"],
    ["another parameter", () => `${here}&colour=red`, "colour"],
  ])("%s gets a 400", async (_, query, parameter) => {
    const answer = await sendCsv(api, csv(), query());
    expect(answer.status).toBe(400);
    const [{ source, detail }] = answer.body.errors;
    expect(source === undefined ? detail : parameter).toContain(parameter);
    // An error can't point at a missing parameter.
    expect(source?.parameter ?? parameter).toBe(parameter);
  });

  test("a file needs an organization that the caller may invite to: else 404", async () => {
    const other = await buildOrganization(guildhall, await buildPerson(guildhall, { environment: "globex" }));
    const foreign = await buildOrganization(guildhall, await buildPerson(guildhall));
    for (const id of [other.id, foreign.id, "org_01h2xcejqtf2nbrexx3vqjhp41", "x"])
      expect(await sendCsv(api, csv(), `organization=${id}`)).toMatchObject(refusal(404, "not_found"));
    const byOperator = await sendCsv(guildhall.api, csv(), `organization=${other.id}`);
    expect(byOperator).toMatchObject(refusal(404, "not_found"));
  });

  test("endpoints that take JSON refuse CSV", async () => {
    const answer = await api.post("/api/invitations", csv(), { "Content-Type": "text/csv" });
    expect(answer).toMatchObject(refusal(415, "unsupported_media_type"));
  });
});
