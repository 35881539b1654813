import { createTransport } from "nodemailer";
import { describe, expect, inject, test } from "vitest";
import { createMailRenderer } from "../src/mail/mail-renderer.ts";
import { type MailVariables, mails } from "../src/mail/mails.ts";
import { cleanDisplayName, quoteMessage } from "../src/mail/present.ts";

const renderer = createMailRenderer(inject("mailSources"));
const { sample } = mails.invitation;

function renderInvitation(changes: Partial<MailVariables["invitation"]> = {}) {
  return renderer.render("invitation", { ...sample, ...changes }, "en");
}

/** The elements an email program would build: every tag with its active attributes. */
function skeleton(html: string): string[] {
  const tags = html.match(/<[a-z/!][^>]*>/gi) ?? [];
  return tags.map((tag) => {
    const acting = tag.match(/\s(?:href|src|on\w+|style)="[^"]*"/g) ?? [];
    return `${tag.match(/^<[^\s>]+/)?.[0]} ${acting.join(" ")}`;
  });
}

async function headerNames(subject: string, name: string): Promise<string[]> {
  const transport = createTransport({ streamTransport: true, buffer: true });
  const from = { name, address: "guildhall@app.example" };
  const { message } = await transport.sendMail({ from, to: "grace@example.com", subject, text: "x" });
  const head = message.toString().split("\r\n\r\n")[0] ?? "";
  return head.split(/\r\n(?!\s)/).map((line) => line.split(":")[0] ?? "");
}

describe.each(Object.values(mails))("the email $kind", ({ kind }) => {
  const mail = renderer.render(kind, mails[kind].sample as never, "en");

  test("is filled in completely", () => {
    expect(mail.subject + mail.html + mail.text).not.toMatch(/\{\{|\}\}|\[\[|\]\]|undefined|\[object/);
  });

  test("declares its language and direction", () => {
    expect(mail.html).toMatch(/<html lang="en" dir="ltr"/);
  });

  test("loads nothing from anywhere", () => {
    expect(mail.html).not.toMatch(/<(?:img|link|script|iframe)|@import|url\(|src=/i);
  });

  test("says why it was sent, in HTML and text", () => {
    const why = /We sent this email to|You received this email because/;
    expect(mail.html).toMatch(why);
    expect(mail.text).toMatch(why);
  });

  test("can't be rendered with a variable missing", () => {
    for (const name of Object.keys(mails[kind].sample)) {
      const { [name]: _, ...rest } = { ...mails[kind].sample } as Record<string, unknown>;
      expect(() => renderer.render(kind, rest as never, "en"), name).toThrow(name);
    }
  });
});

describe("the invitation email", () => {
  test("says so if a program invites the future owner", () => {
    const toOwner = renderInvitation({ inviter: null, roles: ["owner"] });
    expect(toOwner.text).toContain("You are invited to become the owner of Analytical Engines on Acme.");
    expect(toOwner.html).toContain("You are invited to become the owner of");
    for (const changes of [{ inviter: null, roles: ["admin"] }, { roles: ["owner"] }])
      expect(renderInvitation(changes).html).not.toContain("become the owner");
  });

  test("names the inviter as its reason, unless a program invites", () => {
    expect(renderInvitation().text.replaceAll("\n", " ")).toContain(
      "because Ada Lovelace invited you to Analytical Engines.",
    );
    const { text, html } = renderInvitation({ inviter: null });
    expect(text.replaceAll("\n", " ")).toContain("because this address was invited to Analytical Engines.");
    expect(html).not.toContain("member");
  });

  test("contains its links in HTML and text", () => {
    const { html, text } = renderInvitation({
      accept_url: "https://app.example/i/aaa",
      decline_url: "https://app.example/i/bbb",
      opt_out_url: "https://app.example/opt-out/ccc",
    });
    expect(html.match(/href="[^"]*"/g)).toEqual([
      'href="https://app.example/i/aaa"',
      'href="https://app.example/i/bbb"',
      'href="https://app.example/i/aaa"',
      'href="https://app.example/opt-out/ccc"',
    ]);
    expect(text).toMatch(/^https:\/\/app\.example\/i\/aaa$/m);
    expect(text).toMatch(/^https:\/\/app\.example\/i\/bbb$/m);
    expect(text).toMatch(/^https:\/\/app\.example\/opt-out\/ccc$/m);
  });

  test("an email gives the invitation's expiry as an absolute time", () => {
    const { html, text } = renderInvitation({ expires_at: new Date("2026-11-28T18:40:00Z") });
    expect(html).toContain("Saturday, 28 November 2026 at 18:40 UTC");
    expect(text).toContain("Saturday, 28 November 2026 at 18:40 UTC");
  });

  test("speaks for the organization when there is no inviter", () => {
    const { html, text } = renderInvitation({ inviter: null });
    expect(text).toContain("Analytical Engines invites you to join on Acme.");
    expect(html).not.toContain("Ada Lovelace");
  });

  test("lists a role whose name every JavaScript object has", () => {
    expect(renderInvitation({ roles: ["constructor", "__proto__"] }).text).toContain(
      "Role: constructor and __proto__",
    );
  });

  test("has no quotation when there is no message", () => {
    expect(renderInvitation({ message: null }).html).not.toContain("<blockquote");
    expect(renderInvitation({ message: " \n\u200b " }).text).not.toContain("wrote to you");
  });

  test("quotes every line of the message in plain text", () => {
    const { text } = renderInvitation({ message: "one\n\nAccept here:\ntwo" });
    expect(text).toContain("> one\n> \n> Accept here:\n> two\n");
  });

  test("lists roles as a sentence, with an organization's own names", () => {
    expect(renderInvitation({ roles: ["admin", "Night watch"] }).text).toContain(
      "Role: Admin and Night watch",
    );
  });

  test("falls back to the language of a region, then to English", () => {
    expect(renderer.render("invitation", sample, "en-US").html).toBe(renderInvitation().html);
    expect(renderer.render("invitation", sample, "tlh").html).toBe(renderInvitation().html);
  });

  test("refuses a link that isn't a web address", () => {
    expect(() => renderInvitation({ accept_url: "javascript:alert(1)" })).toThrow("accept_url");
  });
});

const hostile = {
  HTML: '<img src=x onerror=alert(1)><a href="https://evil.example">x</a></td></table><script>1</script>',
  "an attribute's end": `" onmouseover="alert(1)" style="x' \``,
  entities: "&lt;script&gt;&#60;b&#62; &quot;",
  "bidi overrides": "\u202eevil\u2066 gro\u2069\u200f",
  "line breaks": "Engines\r\nBcc: victim@evil.example\r\n\r\nbody",
  "Handlebars syntax": "{{accept_url}} {{{message}}} {{#each this}}{{/each}} {{> head}}",
  "our own syntax": "[[accept]] [[why]]",
  "MJML tags":
    '</mj-text><mj-button href="https://evil.example">x</mj-button><mj-include path="../package.json" />',
  "a URL": "https://evil.example/login www.evil.example evil.example/x mailto:a@evil.example",
  "a conditional comment": "<!--[if mso]>--><![endif]--> -->",
};

describe.each(Object.entries(hostile))("%s in a user's text", (_, text) => {
  const benign = renderInvitation({
    organization: "Engines",
    inviter: "Ada",
    message: "Hello",
    roles: ["Night watch"],
  });
  const attack = renderInvitation({
    organization: text,
    inviter: text,
    message: text.replace(/[\r\n]+/g, " "),
    roles: [text],
  });

  test("adds no element, link or style", () => {
    expect(skeleton(attack.html)).toEqual(skeleton(benign.html));
  });

  test("a user's text leaves nothing that email programs turn into a link", () => {
    const ours = /https:\/\/app\.example\/\S+|grace@example\.com/g;
    expect(attack.text.replace(ours, "")).not.toMatch(/https?:|www\.|evil\.example|\S@\S/);
    expect(attack.subject).not.toMatch(/https?:|www\.|evil\.example|@/);
  });

  test("adds no line and no header", async () => {
    expect(attack.subject).not.toMatch(/[\r\n]/);
    // Long lines are broken in two, so paragraphs are counted; only the quotation has lines that begin with a mark.
    expect(attack.text.split("\n\n")).toHaveLength(benign.text.split("\n\n").length);
    expect(attack.text).not.toMatch(/^\s*(?:Bcc|To|From|Subject):/m);
    expect(await headerNames(attack.subject, cleanDisplayName(text, "x"))).toEqual(
      await headerNames("Hello", "Ada"),
    );
  });

  test("leaves no invisible character", () => {
    expect(attack.subject + attack.text.replace(/\n/g, "")).not.toMatch(/\p{Cc}|\p{Cf}/u);
  });
});

describe("plain text", () => {
  const long = "word ".repeat(60).trim();

  test("has no line longer than 76 characters, except links", () => {
    const { text } = renderInvitation({
      message: `${long}\n\n${long}`,
      organization: "The Society for the Promotion of Analytical Engines and Difference Machines",
      accept_url: `https://app.example/i/${"x".repeat(100)}`,
    });
    const lines = text.split("\n").filter((line) => !line.startsWith("https://"));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(76);
    expect(text).toContain(`\nhttps://app.example/i/${"x".repeat(100)}\n`);
  });

  test("quotes every piece of a long line, and keeps the signature's dashes", () => {
    const { text } = renderInvitation({ message: long });
    const words = text.split("\n").filter((line) => line.includes("word word"));
    expect(words.length).toBeGreaterThan(3);
    expect(words.every((line) => line.startsWith("> word"))).toBe(true);
    expect(text).toContain("\n-- \n");
  });
});

describe("a display name", () => {
  test.each([
    ["  Analytical \t\n Engines ", "Analytical Engines"],
    ["Zo\u0308e d'Artagnan & Söhne (Nachf.)", "Zöe d'Artagnan & Söhne (Nachf.)"],
    ["J. R. R. Tolkien", "J. R. R. Tolkien"],
    ["evil.example", "evil·example"],
    ["sub.evil．example", "sub·evil·example"],
    ["Log in at https://evil.example/x now", "Log in at now"],
    ["www.evil.example", "?"],
    ["security@bank.test", "security bank·test"],
    ["h<>ttps://evil.example", "h"],
    ["\u200b\u202e\u3164", "?"],
    ["a\u0301\u0302\u0303\u0304\u0305\u0306", "á\u0302\u0303\u0304"],
    ["日本語。会社", "日本語。会社"],
    ["Call +1 (888) 555-0123 now", "Call now"],
    ["1-888-555-0123", "?"],
    ["Class of 2024-2025", "Class of 2024-2025"],
    ["Lot-123456-789012", "Lot-123456-789012"],
    ["skype:boss", "skype boss"],
    ["\\\\server\\share", "\\server\\share"],
  ])("%j is shown as %j", (given, shown) => {
    expect(cleanDisplayName(given, "?")).toBe(shown);
  });

  test("is cut to 80 characters, never within one", () => {
    expect(cleanDisplayName("a".repeat(200), "?")).toBe(`${"a".repeat(79)}…`);
    expect(cleanDisplayName("👩🏽".repeat(50), "?")).toBe(`${"👩🏽".repeat(19)}…`);
  });
});

describe("an inviter's message", () => {
  test("keeps its paragraphs and loses the white space around them", () => {
    expect(quoteMessage("\n\n one \r\n\n\n\n two\u2028three\n ")).toEqual(["one", "", "two", "three"]);
  });

  test("stays readable without any link", () => {
    expect(quoteMessage("See https://evil.example/a?b=c or mail ada@evil.example, 10.0.0.1")).toEqual([
      "See evil·example/a?b=c or mail ada @ evil·example, 10·0·0·1",
    ]);
  });

  test("opens no program and no Windows share", () => {
    expect(quoteMessage("callto:boss sip:boss \\\\server\\share C:\\x")).toEqual([
      "callto boss sip boss \\server\\share C:\\x",
    ]);
  });

  test("is cut to 500 characters", () => {
    expect(quoteMessage("x".repeat(600)).join("")).toHaveLength(500);
  });

  test("of only white space is omitted", () => {
    expect(quoteMessage(" \n\u200b\n")).toEqual([]);
    expect(quoteMessage(null)).toEqual([]);
  });
});
