import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOrganization, buildPerson, invite, type Person, uniqueEmail } from "./support/builders.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";
import { type ReceivedMail, tokenIn } from "./support/mailbox.ts";

/** Names that try to make our email say something, or go somewhere, it shouldn't. */
const HOSTILE = [
  "Acme\r\nBcc: victim@evil.test",
  "Acme\nReply-To: boss@bank.test\n\nhello",
  "Acme\u0000\u2028X-Spam: no\u0085Cc: victim@evil.test",
  '"Acme" <boss@bank.test>',
  'Acme" <boss@bank.test>, "Bank',
  "Acme, boss@bank.test",
  "boss@bank.test",
  "boss＠bank.test",
  "Team: boss@bank.test, other@bank.test;",
  "Acme (boss@bank.test)",
  "=?utf-8?Q?Bank_=3Cboss=40bank.test=3E?=",
  "=?utf-8?B?Ym9zc0BiYW5rLnRlc3Q=?=",
  "=?utf-8?Q?Acme=0D=0ABcc=3A_victim=40evil.test?=",
  "\u202Etset.knab@ssob\u202C",
  "\u2066Acme\u2069\u200B\uFEFF",
  "A".repeat(500),
  "https://evil.test/i/login",
  "<img src=https://evil.test/x.png onerror=alert(1)>",
  "{{accept_url}} %0d%0aBcc:x@evil.test",
  "\\",
  '"',
];

/** Every header our emails may have. */
const HEADERS = [
  "auto-submitted",
  "content-type",
  "date",
  "from",
  "message-id",
  "mime-version",
  "subject",
  "to",
];

describe("an email's headers", () => {
  let guildhall: Guildhall;

  beforeAll(async () => {
    const MAIL_FROM = { name: "", address: "no-reply@guildhall.test" };
    guildhall = await startGuildhall({ settings: { MAIL_FROM } });
  });
  afterAll(() => guildhall.stop());

  test("an email has exactly the headers we mean to send", async () => {
    const { mail, source } = await mailFor({});
    expect(mail.headers.map(({ key }) => key).sort()).toEqual(HEADERS);
    expect(names(source)).toEqual(HEADERS);
  });

  test("an email's headers ask machines not to answer", async () => {
    const { mail } = await mailFor({});
    expect(mail.headers.find(({ key }) => key === "auto-submitted")?.value).toBe("auto-generated");
  });

  test("an email comes from our address and names no recipient", async () => {
    const { mail } = await mailFor({ product: "Acme Suite" });
    expect(mail.from).toEqual({ address: "no-reply@guildhall.test", name: "Acme Suite" });
    expect(mail.to).toEqual([{ address: expect.stringMatching(/^person-.*@example\.com$/), name: "" }]);
  });

  test("the Message-ID is the same at every attempt", async () => {
    const first = await mailFor({});
    const read = () => guildhall.db("mail_deliveries").where({ email: first.to[0] }).first();
    // The email arrives a moment before its outcome is recorded.
    await expect.poll(read, { timeout: 20_000 }).toMatchObject({ state: "sent" });
    const row = await read();
    expect(first.mail.messageId).toBe(`<${row.id}@guildhall.test>`);
    const due = { state: "pending", due_at: guildhall.db.fn.now() };
    await guildhall.db("mail_deliveries").where({ id: row.id }).update(due);
    await guildhall.jobContext.deliveries.run();
    const second = await guildhall.mailbox.waitFor(first.to[0] ?? "", 2);
    expect(second.mail.messageId).toBe(first.mail.messageId);
    expect(tokenIn(second)).toBe(tokenIn(first));
  });

  test("an email keeps the spelling of the invited address", async () => {
    const email = uniqueEmail().replace("person", "Per.Son+Tag");
    expect((await mailFor({ email })).to).toEqual([email]);
  });

  const places = ["organization", "inviter", "product", "from_name"] as const;
  describe.each(places)("with a hostile %s, an email's headers stay intact:", (place) => {
    test.each(HOSTILE)("%j", async (name) => {
      const email = uniqueEmail();
      const received = await mailFor({ email, [place]: name });
      const { mail, source, to, from } = received;

      expect(to, "the envelope").toEqual([email]);
      expect(from).toBe("no-reply@guildhall.test");
      expect(names(source), "no header is added").toEqual(HEADERS);
      expect(mail.to).toEqual([{ address: email, name: "" }]);
      expect(mail.from?.address).toBe("no-reply@guildhall.test");
      expect(source.match(/^From:/gim)).toHaveLength(1);

      for (const shown of [mail.from?.name ?? "", mail.subject ?? ""]) {
        expect(shown).not.toMatch(/[@＠<>\p{Cc}\p{Cf}]/u);
        expect(shown).not.toMatch(/https?:/);
        expect(shown.length).toBeLessThan(250);
      }
      expect(mail.from?.name).not.toBe("");
      expect(links(received).filter((link) => !link.startsWith(`${guildhall.settings.PUBLIC_URL}/`))).toEqual(
        [],
      );
      expect(mail.attachments).toEqual([]);
    });
  });

  /** Invites with these names. @returns the email that arrived. */
  async function mailFor(given: {
    email?: string;
    organization?: string;
    inviter?: string;
    product?: string;
    from_name?: string;
  }): Promise<ReceivedMail> {
    const { db, jobContext, mailbox, api } = guildhall;
    const {
      email = uniqueEmail(),
      organization = "Acme Corp",
      inviter = "Ada",
      product = "Acme",
      from_name,
    } = given;
    const owner: Person = await buildPerson(guildhall, { first_name: storable(inviter) });
    await db("environments").update({
      name: storable(product),
      settings: from_name === undefined ? {} : { from_name: storable(from_name) },
    });
    const target = await buildOrganization(guildhall, owner, { name: storable(organization) });
    const invited = await invite({ ...guildhall, api: api.as(owner.token) }, target, email);
    expect(invited.status).toBe(201);
    await jobContext.deliveries.run();
    return mailbox.waitFor(email);
  }
});

/** Postgres can't store a NUL. */
function storable(name: string): string {
  return name.replaceAll("\u0000", "");
}

/** The names of the headers from the raw email, because a parser may be lenient. */
function names(source: string): string[] {
  const head = source.slice(0, source.indexOf("\r\n\r\n"));
  const lines = head.split("\r\n").filter((line) => !/^[ \t]/.test(line));
  expect(head.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  return lines.map((line) => line.slice(0, line.indexOf(":")).toLowerCase()).sort();
}

function links({ mail }: ReceivedMail): string[] {
  const inHtml = [...(mail.html ?? "").matchAll(/\b(?:href|src|background|action)\s*=\s*["']?([^"'\s>]+)/gi)];
  const inCss = [...(mail.html ?? "").matchAll(/url\(\s*["']?([^"')]+)/gi)];
  const inText = [...(mail.text ?? "").matchAll(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi)];
  return [...inHtml, ...inCss].map((match) => match[1] ?? "").concat(inText.map((match) => match[0]));
}
