import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pino } from "pino";
import { beforeAll, describe, expect, test } from "vitest";
import { readConfig } from "../src/config/read-config.ts";
import { warnUnlessAligned } from "../src/mail/dkim.ts";
import { provideSettings } from "../src/provide-settings.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { startGuildhall, useGuildhall } from "./support/guildhall.ts";
import type { ReceivedMail } from "./support/mailbox.ts";
import { verifyDkim } from "./support/verify-dkim.ts";

const pem = { type: "pkcs8", format: "pem" } as const;
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const KEY = String(privateKey.export(pem));
const DKIM = { DKIM_DOMAIN: "guildhall.test", DKIM_SELECTOR: "mail-2027", DKIM_PRIVATE_KEY: KEY };

/** The lines that refuse the start; none if it starts. */
function problems(variables: Record<string, string>): string[] {
  try {
    readConfig(variables, "worker");
    return [];
  } catch (error) {
    return error instanceof Error ? error.message.split("\n") : [];
  }
}

describe("a signed email", () => {
  const guildhall = useGuildhall({ settings: DKIM });
  let received: ReceivedMail;

  beforeAll(async () => {
    guildhall.settings.PUBLIC_URL = "https://guildhall.test";
    received = await mailFor({
      message: "Grüße,\n\n  with   spaces \nand a very long line ".padEnd(400, "x"),
    });
  });

  async function mailFor(attributes: object = {}, email = uniqueEmail()): Promise<ReceivedMail> {
    const owner = await buildPerson(guildhall, { first_name: "Zoë" });
    const organization = await buildOrganization(guildhall, owner, { name: "Bäcker & Söhne" });
    await invite(guildhall, organization, email, attributes);
    await guildhall.jobContext.deliveries.run();
    return guildhall.mailbox.waitFor(email);
  }

  test("is valid for the domain and the selector's key", () => {
    const { problem, tags } = verifyDkim(received.source, publicKey);
    expect(problem).toBeUndefined();
    expect(tags).toMatchObject({
      v: "1",
      a: "rsa-sha256",
      c: "relaxed/relaxed",
      d: "guildhall.test",
      s: "mail-2027",
    });
  });

  test("has all its headers signed, one-click unsubscribe included", () => {
    const { tags } = verifyDkim(received.source, publicKey);
    const names = received.mail.headers.map(({ key }) => key).filter((key) => key !== "dkim-signature");
    expect((tags.h ?? "").split(":").sort()).toEqual(names.sort());
    expect(names).toEqual(expect.arrayContaining(["from", "list-unsubscribe", "list-unsubscribe-post"]));
  });

  test.each<[string, RegExp, string, string]>([
    ["the sender", /^From: .*$/m, "From: Bank <boss@guildhall.test>", "headers"],
    ["the subject", /^Subject: /m, "Subject: Re: ", "headers"],
    [
      "where to unsubscribe",
      /^List-Unsubscribe:\s+</m,
      "List-Unsubscribe: <https://evil.test/>, <",
      "headers",
    ],
    ["the Message-ID", /^Message-ID: <dlv_/m, "Message-ID: <dlv-", "headers"],
    ["the text", /Accept/, "Grant", "body"],
    ["one space between words", /(\w) (\w+\r\n)/, "$1$2", "body"],
  ])("becomes invalid if somebody changes %s", (_, before, after, problem) => {
    const changed = received.source.replace(before, after);
    expect(changed).not.toBe(received.source);
    expect(verifyDkim(changed, publicKey).problem).toBe(problem);
  });

  test("stays valid if servers fold lines and add headers", () => {
    const folded = received.source.replace(/^(Subject:) /m, "$1\r\n\t  ");
    expect(verifyDkim(`Received: by somebody\r\n${folded}\r\n\r\n`, publicKey).problem).toBeUndefined();
  });

  test("is invalid for another key", () => {
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
    expect(verifyDkim(received.source, other.publicKey).problem).toBe("headers");
  });

  test("keeps its Message-ID at every attempt", async () => {
    const email = uniqueEmail();
    const first = await mailFor({}, email);
    const due = { state: "pending", due_at: guildhall.db.fn.now() };
    const row = () => guildhall.db("mail_deliveries").where({ email });
    // The email is recorded a moment after it is received.
    await expect.poll(() => row().where({ state: "sent" }).first()).toBeDefined();
    await row().update(due);
    await guildhall.jobContext.deliveries.run();
    const second = await guildhall.mailbox.waitFor(email, 2);
    expect(second.mail.messageId).toBe(first.mail.messageId);
    expect(second.mail.messageId).toMatch(/@guildhall\.test>$/);
    expect(verifyDkim(second.source, publicKey).problem).toBeUndefined();
  });
});

test("without a key emails leave unsigned", async () => {
  const guildhall = await startGuildhall();
  const email = uniqueEmail();
  await invite(guildhall, await buildOrganization(guildhall, await buildPerson(guildhall)), email);
  await guildhall.jobContext.deliveries.run();
  const { source } = await guildhall.mailbox.waitFor(email);
  expect(verifyDkim(source, publicKey).problem).toBe("unsigned");
  await guildhall.stop();
});

describe("the DKIM variables", () => {
  const rest = { DATABASE_URL: "postgres://db/guildhall" };

  test("accept \\n for line breaks of the key, and any letter case of the domain", () => {
    const variables = {
      ...rest,
      ...DKIM,
      DKIM_DOMAIN: "Guildhall.TEST",
      DKIM_PRIVATE_KEY: KEY.replaceAll("\n", "\\n"),
    };
    expect(readConfig(variables, "worker")).toMatchObject(DKIM);
  });

  test("are set together or not at all, and missing ones are named", () => {
    for (const name of Object.keys(DKIM)) {
      expect(problems({ ...rest, ...DKIM, [name]: "" })).toEqual([
        expect.stringMatching(`^${name} is missing`),
      ]);
    }
    expect(problems({ ...rest, DKIM_DOMAIN: "guildhall.test" })).toHaveLength(2);
    expect(problems({ ...rest, ...DKIM, DKIM_PRIVATE_KEY_FILE: "/key.pem" })).toEqual([
      expect.stringMatching("^DKIM_PRIVATE_KEY and DKIM_PRIVATE_KEY_FILE are both set"),
    ]);
  });

  test.each([
    ["an elliptic-curve key, which would leave emails unsigned", generateKeyPairSync("ed25519").privateKey],
    ["a key that is too short", generateKeyPairSync("rsa", { modulusLength: 768 }).privateKey],
    ["a public key", publicKey],
  ])("refuse a key that can't sign: %s", (_, key) => {
    const text = String(key.export({ type: key.type === "public" ? "spki" : "pkcs8", format: "pem" }));
    const lines = problems({ ...rest, ...DKIM, DKIM_PRIVATE_KEY: text });
    expect(lines).toEqual([expect.stringMatching(/^DKIM_PRIVATE_KEY must /)]);
    expect(lines.join()).not.toContain(text.split("\n")[1]);
  });

  test("may name a key file, which is read at the start", async () => {
    const directory = await mkdtemp(join(tmpdir(), "guildhall-dkim-"));
    const file = join(directory, "key.pem");
    const { DKIM_PRIVATE_KEY: _, ...named } = DKIM;
    const start = () => {
      const secrets = { SECRET_KEY: "x".repeat(32), ADMIN_TOKEN: "x".repeat(16), SMTP_URL: "smtp://mail" };
      return provideSettings(
        readConfig({ ...rest, ...secrets, ...named, DKIM_PRIVATE_KEY_FILE: file }, "worker"),
      );
    };
    await expect(start()).rejects.toThrow(/^DKIM_PRIVATE_KEY_FILE can't be read \(ENOENT\)/);
    await writeFile(file, "no key");
    await expect(start()).rejects.toThrow(/^DKIM_PRIVATE_KEY_FILE must be a private key/);
    await writeFile(file, KEY);
    expect((await start()).settings).toMatchObject(DKIM);
    await rm(directory, { recursive: true });
  });
});

describe("a DKIM domain", () => {
  function warnings(DKIM_DOMAIN: string, address: string): string {
    let log = "";
    const written = new Writable({
      write(chunk, _, done) {
        log += chunk;
        done();
      },
    });
    warnUnlessAligned({ ...DKIM, DKIM_DOMAIN, MAIL_FROM: { name: "", address } }, pino({}, written));
    return log;
  }

  test("that isn't the sender's logs a warning at the start", () => {
    for (const domain of ["other.test", "mail.guildhall.test", "hall.test"])
      expect(warnings(domain, "no-reply@guildhall.test")).toContain("DKIM_DOMAIN is neither");
  });

  test("that is the sender's parent domain logs no warning", () => {
    expect(warnings("guildhall.test", "no-reply@guildhall.test")).toBe("");
    expect(warnings("guildhall.test", "no-reply@Mail.Guildhall.test")).toBe("");
  });
});
