import { domainToUnicode } from "node:url";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { maskEmailAddress, parseEmailAddress } from "../src/lib/email-address.ts";
import { createMailRenderer } from "../src/mail/mail-renderer.ts";
import { mails } from "../src/mail/mails.ts";
import { type PageName, pageSamples } from "../src/pages/pages.ts";
import { renderPage } from "../src/pages/render-page.ts";
import {
  buildOrganization,
  buildPerson,
  invitationTo,
  invite,
  type Person,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { hostileAddresses, hostileTexts } from "./support/hostile-corpus.ts";
import { skeletonOf } from "./support/html-skeleton.ts";
import { openLink } from "./support/invitations.ts";
import { linkableIn, telephonesIn } from "./support/linkable.ts";
import { tokenIn } from "./support/mailbox.ts";
import { linkTo } from "./support/one-of-everything.ts";

const renderer = createMailRenderer(inject("mailSources"));
/**
 * Invisible characters. A region's flag is visible, and a character that joins letters in its own script does no
 * harm.
 */
const UNSEEN =
  /(?!\n)(?!(?<![\s\w])[\u200c\u200d](?![\s\w]))[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u3164\u115f\u1160\uffa0\u2800]/u;
const EMOJI = /\u{1f3f4}[\u{e0061}-\u{e007a}]+\u{e007f}/gu;
const { accept_url, decline_url, opt_out_url, email: INVITED } = mails.invitation.sample;
const UNDELIVERED = mails["invitation-undelivered"].sample.failures.map(({ email }) => email);
const OURS = [decline_url, accept_url, opt_out_url, INVITED, "g•••@example.com", ...UNDELIVERED];

/** The variables of an email or page that people type, all of them set to this text. */
function filledWith<Given extends object>(sample: Given, text: string): Given {
  const typed = {
    product: text,
    organization: text,
    inviter: text,
    invitee: text,
    message: text,
    roles: [text, "admin"],
  };
  return { ...sample, ...Object.fromEntries(Object.entries(typed).filter(([name]) => name in sample)) };
}

/** The elements of HTML, for a comparison. */
function elementsOf(html: string): string {
  return skeletonOf(html).elements.join("\n");
}

/** The problems of HTML that should have the same elements as a harmless one, and only words as text. */
function problemsOfHtml(html: string, harmless: string[], ours = OURS): string[] {
  const { elements, words } = skeletonOf(html);
  const isOther = !harmless.includes(elements.join("\n"));
  return [...(isOther ? ["other elements"] : []), ...problemsOfText(words, ours)];
}

function problemsOfText(text: string, ours = OURS): string[] {
  const unseen = UNSEEN.test(text.replace(EMOJI, "")) ? ["something that can't be seen"] : [];
  return [...linkableIn(text, ours).map((link) => `the link ${link}`), ...unseen];
}

/** The problems of a header's text, which is one line without an address or a number to call. */
function problemsOfLine(line: string, ours = OURS): string[] {
  const rest = ours.reduce((left, link) => left.replaceAll(link, ""), line);
  const signs = /[\r\n<>@＠﹫]/u.exec(rest) ?? [];
  return [
    ...problemsOfText(line, ours),
    ...signs,
    ...telephonesIn(rest),
    ...(line.trim() === "" ? ["nothing"] : []),
  ];
}

/** Every text that has a problem, with its problems, so that one look shows them all. */
function found(problems: (text: string) => string[]): string[] {
  return hostileTexts.flatMap(({ aim, text }) => {
    const some = problems(text);
    return some.length === 0 ? [] : [`${aim}: ${JSON.stringify(text).slice(0, 100)}: ${some.join(", ")}`];
  });
}

describe.each(Object.values(mails))("the email $kind with hostile texts", ({ kind }) => {
  const render = (text: string, more: object = {}) =>
    renderer.render(kind, { ...filledWith(mails[kind].sample, text), ...more } as never, "en");
  /** With a message, and with an empty one. */
  const harmless = [render("Acme"), render("Acme", { message: null })];

  test("the HTML of an email has only our elements and links", () => {
    const expected = harmless.map(({ html }) => elementsOf(html));
    expect(found((text) => problemsOfHtml(render(text).html, expected))).toEqual([]);
  });

  test("the plain text of an email keeps its paragraphs and links", () => {
    const paragraphs = (text: string) => text.split("\n\n").length;
    const counts = harmless.map(({ text }) => paragraphs(text));
    expect(
      found((text) => {
        const mail = render(text);
        const isLonger = !counts.includes(paragraphs(mail.text));
        return [...problemsOfText(mail.text), ...(isLonger ? ["other paragraphs"] : [])];
      }),
    ).toEqual([]);
  });

  test("the subject is one line without address, link or number to call", () => {
    expect(found((text) => problemsOfLine(render(text).subject))).toEqual([]);
  });
});

test.each(Object.keys(pageSamples) as PageName[])(
  "with hostile texts, the page %s has only our elements",
  (name) => {
    const render = (text: string, more: object = {}) =>
      renderPage(name, { ...filledWith(pageSamples[name], text), ...more } as never);
    const message = null;
    const harmless = [{}, { message }, { message, product: null }].map((more) =>
      elementsOf(render("Acme", more)),
    );
    expect(found((text) => problemsOfHtml(render(text), harmless))).toEqual([]);
  },
);

describe("hostile texts sent by API, worker and SMTP:", { timeout: 60_000 }, () => {
  const HEADERS = "auto-submitted content-type date from message-id mime-version subject to".split(" ");
  /** A sample of the texts that the API accepts as a name. */
  const sample = hostileTexts
    .map(({ text }) => text)
    .filter((text) => text.trim() !== "" && text.length <= 80 && !/[\p{Cc}\p{Cs}]/u.test(text))
    .filter((_, n) => n % 3 === 0)
    .slice(0, 60);
  const guildhall = useGuildhall({ worker: true });
  let owner: Person;

  beforeAll(async () => {
    owner = await buildPerson(guildhall);
  });

  test("sixty hostile texts in every field make ordinary emails and pages", async () => {
    const plain = [await sent(["Acme"]), await sent(["Acme", "Acme", "Acme", "Acme", "\u3164"])];
    const mails = plain.map(({ html }) => elementsOf(html));
    const pages = plain.map(({ page }) => elementsOf(page));
    const problems = Array.from({ length: 30 }, async (_, n) => {
      const typed = [0, 7, 18, 27, 38, 47].map((step) => sample[(2 * n + step) % 60] ?? "");
      const { email, received, links, html, page } = await sent(typed);
      const { mail, source, ...envelope } = received;
      const ours = [...links, ...links.map(withoutToken), email, maskEmailAddress(email)];
      expect(envelope).toEqual({ to: [email], from: "no-reply@guildhall.test" });
      expect(headersOf(source)).toEqual(HEADERS);
      expect(mail.to).toEqual([{ address: email, name: "" }]);
      expect(mail.from?.address).toBe("no-reply@guildhall.test");
      expect(mail.attachments).toEqual([]);
      const some = [
        ...problemsOfLine(mail.from?.name ?? "").map((problem) => `From: ${problem}`),
        ...problemsOfLine(mail.subject ?? "").map((problem) => `Subject: ${problem}`),
        ...problemsOfHtml(html, mails, ours).map((problem) => `HTML: ${problem}`),
        ...problemsOfText(mail.text ?? "", ours).map((problem) => `text: ${problem}`),
        ...problemsOfHtml(page, pages, ours).map((problem) => `page: ${problem}`),
      ];
      return some.length === 0 ? [] : [`${JSON.stringify(typed)}: ${some.join(", ")}`];
    });
    expect((await Promise.all(problems)).flat()).toEqual([]);
    expect(sample).toHaveLength(60);
  });

  test("a name of several lines is refused: 422, or 400 if it can't be stored", async () => {
    const wrong = hostileTexts.map(({ text }) => text).filter((text) => /\p{Cc}/u.test(text.trim()));
    expect(wrong.length).toBeGreaterThan(10);
    for (const name of wrong) {
      const data = { type: "organization", attributes: { name } };
      const { status } = await guildhall.api.post("/api/organizations", { data });
      expect(status, JSON.stringify(name)).toBe(name.includes("\0") ? 400 : 422);
    }
  });

  test("an organization's address keeps its lines, or is refused", async () => {
    const taken: string[] = [];
    for (const { text } of hostileTexts) {
      const data = { type: "organization", attributes: { name: "Acme", address: text } };
      const { status, body } = await guildhall.api.post("/api/organizations", { data });
      const lines = text.trim().split(/\r?\n/);
      const isText = lines.every((line) => !/[\p{Cc}\p{Cs}]/u.test(line)) && lines.length <= 10;
      const fits = text.trim() !== "" && text.trim().length <= 1_000;
      expect(status === 201, JSON.stringify(text)).toBe(isText && fits);
      if (status !== 201) continue;
      expect(body.data.attributes.address).toBe(lines.join("\n"));
      if (lines.length > 1) taken.push(text);
    }
    expect(taken.length).toBeGreaterThan(3);
  });

  test("a hostile address is refused, or emailed exactly as it is stored", async () => {
    const before = guildhall.mailbox.received.length;
    const stored: string[] = [];
    for (const given of hostileAddresses) stored.push(...(await storedAddress(given)));
    expect(stored.length).toBeGreaterThan(15);
    expect(stored.length).toBeLessThan(45);
    for (const email of stored) {
      const [local, domain = ""] = email.split("@");
      // The mailbox decodes A-labels.
      const { to, mail, source } = await guildhall.mailbox.waitFor(`${local}@${domainToUnicode(domain)}`);
      expect(to.map((read) => parseEmailAddress(read)?.email)).toEqual([email]);
      expect(mail.to).toEqual([{ address: email, name: "" }]);
      expect(source.match(/^To:.*$/gim)).toEqual([`To: ${email}`]);
      expect(email).toMatch(/^[!-~]+@[a-z0-9.-]+$/);
    }
    expect(guildhall.mailbox.received).toHaveLength(before + stored.length);
  });

  /** Invites to an organization of its own. @returns the stored address; empty if it was refused. */
  async function storedAddress(email: string): Promise<string[]> {
    const organization = await buildOrganization(guildhall, owner);
    const { status, body } = await invite(guildhall, organization, email);
    expect([201, 400, 422], JSON.stringify(email)).toContain(status);
    return status === 201 ? [body.data.attributes.email] : [];
  }

  /** Invites with the API, using the texts as all names. @returns the email, and the page behind its link. */
  async function sent([product, from_name = product, organization = product, ...more]: string[]) {
    const [first_name = product, message = product, role = product] = more;
    const email = uniqueEmail();
    const handle = unique("corpus");
    const make = async (path: string, type: string, attributes: object, relationships: object = {}) => {
      const document = { data: { type, attributes, relationships } };
      const { status, body } = await guildhall.api.in(handle).post(`/api/${path}`, document);
      expect(status, JSON.stringify(attributes)).toBe(201);
      return body;
    };
    await make("environments", "environment", { handle, name: product, settings: { from_name } });
    const user = await make("users", "user", { email: uniqueEmail(), first_name });
    const person = linkTo("user", user.data.id);
    const session = await make("sessions", "session", {}, { user: person });
    // Of several lines, and in no email.
    const address = `1 Road\nBcc: boss@bank.test\n\n${organization}`;
    const { data } = await make(
      "organizations",
      "organization",
      { name: organization, address },
      { owner: person },
    );
    const target = { organization: linkTo("organization", data.id) };
    const own = await make("roles", "role", { name: role }, target);
    const document = invitationTo(data.id, email, { message, role_ids: [own.data.id] });
    const invited = await guildhall.api.in(handle).as(session.meta.token).post("/api/invitations", document);
    expect(invited.status, JSON.stringify(message)).toBe(201);
    const received = await guildhall.mailbox.waitFor(email);
    const { page } = await openLink(guildhall, invited.body.data.id);
    const token = tokenIn(received);
    const link = `${guildhall.api.origin}/i/${token}`;
    const optOut = /http\S+\/u\/[\w-]+/.exec(received.mail.text ?? "")?.[0] ?? "";
    return {
      email,
      received,
      links: [`${link}?answer=decline`, link, optOut],
      // Without the parts that differ between invitations.
      html: withoutToken(received.mail.html ?? ""),
      page: page.replaceAll(invited.body.data.id, "inv").replace(/(name="csrf" value=")[^"]+/g, "$1csrf"),
    };
  }
});

function withoutToken(text: string): string {
  return text.replace(/\/([iu])\/[\w-]+/g, "/$1/token");
}

/** The names of the headers from the raw email, because a parser may be lenient. */
function headersOf(source: string): string[] {
  const head = source.slice(0, source.indexOf("\r\n\r\n"));
  expect(head.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  const lines = head.split(/\r\n(?![ \t])/);
  return lines.map((line) => line.slice(0, line.indexOf(":")).toLowerCase()).sort();
}
