import { beforeAll, describe, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { type Invited, invited, sendDue } from "./support/invitations.ts";

const guildhall = useGuildhall();
let organization: Organization;

beforeAll(async () => {
  organization = await buildOrganization(guildhall, await buildPerson(guildhall, { first_name: "Ada" }));
});

/** Programs that follow links nobody has clicked on, by user agent. Many claim to be a browser. */
const MACHINES = {
  // Gateways that check before the delivery, and again when somebody clicks.
  "Microsoft Safe Links":
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; SafeLinks) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
  Outlook: "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17126; Pro)",
  Barracuda: "BarracudaCentral/2.0 (Link Protection)",
  Proofpoint: "Mozilla/5.0 (compatible; proofpoint URL Defense)",
  Mimecast:
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0 Safari/537.36",
  "Cisco Secure Email": "CiscoSecureEmail",
  "Trend Micro": "TMES/1.0",
  "one that says nothing": "",
  // Programs that draw a preview when somebody shares a link.
  Slack: "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
  Facebook: "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
  X: "Twitterbot/1.0",
  WhatsApp: "WhatsApp/2.23.20.0",
  Telegram: "TelegramBot (like TwitterBot)",
  Discord: "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
  LinkedIn: "LinkedInBot/1.0 (compatible; Mozilla/5.0; +http://www.linkedin.com)",
  "Skype and Teams": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
  "Google's image proxy":
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
  "a search engine": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
  "a script": "python-requests/2.31.0",
};

type Headers = Record<string, string>;

/** One program's behavior: it keeps cookies if it is a browser underneath, and follows redirects. */
class Machine {
  readonly pages: string[] = [];
  readonly #agent: string;
  readonly #cookies: Map<string, string> | undefined;

  constructor(agent: string, { cookies = false } = {}) {
    this.#agent = agent;
    this.#cookies = cookies ? new Map() : undefined;
  }

  async ask(url: string, method = "GET", extra: Headers = {}, body?: URLSearchParams): Promise<Response> {
    const cookie = [...(this.#cookies ?? [])].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { "User-Agent": this.#agent, ...(cookie ? { Cookie: cookie } : {}), ...extra };
    const answer = await fetch(url, { method, headers, redirect: "manual", ...(body ? { body } : {}) });
    expect(answer.status, `${method} ${url}`).toBeLessThan(500);
    for (const line of answer.headers.getSetCookie()) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split("=");
      this.#cookies?.set(name, value);
    }
    const location = answer.headers.get("Location");
    if (location !== null)
      return this.ask(new URL(location, url).href, method === "POST" ? "GET" : method, extra);
    const text = await answer.text();
    if (method === "GET") this.pages.push(text);
    return answer;
  }
}

/** Every URL in an email, in any header or part. */
async function linksTo({ email }: Invited): Promise<string[]> {
  const { mail, source } = await guildhall.mailbox.waitFor(email);
  const html = [...(mail.html ?? "").matchAll(/href="([^"]+)"/g)].map(([, url = ""]) =>
    url.replaceAll("&amp;", "&"),
  );
  const text = (mail.text ?? "").match(/https?:\/\/\S+/g) ?? [];
  const header = /^List-Unsubscribe: <([^>]+)>/im.exec(source)?.[1] ?? [];
  return [...new Set([...html, ...text, ...[header].flat()])];
}

/** Everything on a page that leads on: links, and the targets of its forms. */
function formsIn(page: string) {
  return [...page.matchAll(/<form method="post" action="([^"]+)">/g)].map(([, action = ""]) => action);
}

async function mailedInvitation(): Promise<Invited & { links: string[] }> {
  const invitation = await invited(guildhall, organization, { message: "See https://example.com/hello" });
  await sendDue(guildhall);
  const links = (await linksTo(invitation)).filter((url) => url.startsWith(guildhall.api.origin));
  return { ...invitation, links };
}

/** What must stay the same: the invitation, its events, members and opt-outs. */
async function stateOf({ id, email }: Invited) {
  const { db } = guildhall;
  return {
    invitation: await db("invitations").where({ id }).first(),
    events: await db("events").where({ subject_id: id }).pluck("type"),
    users: await db("users").where({ email_canonical: email }),
    suppressions: await db("suppressions").where({ email_canonical: email }),
  };
}

const HABITS: Record<string, (agent: string, links: string[]) => Promise<void>> = {
  async "follows every link of the mail, one after another"(agent, links) {
    for (const link of links) await new Machine(agent).ask(link);
  },
  async "follows all of them at once, twice"(agent, links) {
    await Promise.all([...links, ...links].map((link) => new Machine(agent).ask(link)));
  },
  async "asks for the head first, then for the page"(agent, links) {
    for (const link of links)
      for (const method of ["HEAD", "GET"]) await new Machine(agent).ask(link, method);
  },
  async "asks what may be asked"(agent, links) {
    for (const link of links) await new Machine(agent).ask(link, "OPTIONS");
  },
  async "fetches ahead"(agent, links) {
    const ahead: Headers[] = [
      { "Sec-Purpose": "prefetch;prerender" },
      { Purpose: "prefetch" },
      { "X-Moz": "prefetch" },
      { "X-Purpose": "preview" },
    ];
    for (const link of links)
      for (const headers of ahead) await new Machine(agent, { cookies: true }).ask(link, "GET", headers);
  },
  async "reads a part of the page, or none that fits"(agent, links) {
    for (const link of links) {
      await new Machine(agent).ask(link, "GET", { Range: "bytes=0-1023" });
      await new Machine(agent).ask(link, "GET", { Accept: "image/*" });
    }
  },
  async "keeps cookies as a browser does, and comes again"(agent, links) {
    const machine = new Machine(agent, { cookies: true });
    for (const link of [...links, ...links]) await machine.ask(link);
  },
  async "opens what its forms are sent to"(agent, links) {
    const machine = new Machine(agent, { cookies: true });
    for (const link of links) await machine.ask(link);
    for (const action of machine.pages.flatMap(formsIn))
      for (const method of ["GET", "HEAD", "OPTIONS"])
        await machine.ask(guildhall.api.origin + action, method);
  },
  async "sends the forms it finds, empty or filled in by guess, with the cookie and without"(agent, links) {
    for (const cookies of [true, false]) {
      const machine = new Machine(agent, { cookies: true });
      for (const link of links) await machine.ask(link);
      const sender = cookies ? machine : new Machine(agent);
      for (const action of new Set(machine.pages.flatMap(formsIn)))
        for (const fields of ["", "csrf=", "csrf=1", "email=test@example.com&submit=Submit"])
          await sender.ask(guildhall.api.origin + action, "POST", {}, new URLSearchParams(fields));
    }
  },
  async "posts to the links themselves"(agent, links) {
    for (const link of links)
      for (const method of ["POST", "PUT", "DELETE", "PATCH"])
        await new Machine(agent).ask(link, method, {}, new URLSearchParams({ q: "test" }));
  },
};

describe.each(Object.entries(HABITS))("a scanner that %s", (_, habit) => {
  test("a scanner changes nothing, and a person can accept afterwards", async () => {
    const invitation = await mailedInvitation();
    expect(invitation.links.length).toBeGreaterThanOrEqual(3);
    const before = await stateOf(invitation);
    for (const [name, agent] of Object.entries(MACHINES)) {
      await habit(agent, invitation.links);
      expect(await stateOf(invitation), name).toEqual(before);
    }
    await acceptAsAPerson(invitation);
  });
});

describe("the page behind a link", () => {
  test("does nothing by itself: no script, refresh, request or focused button", async () => {
    const { links } = await mailedInvitation();
    const machine = new Machine("", { cookies: true });
    for (const link of links) await machine.ask(link);
    for (const page of machine.pages) {
      expect(page).not.toMatch(
        /<script|<iframe|<img|<link[^>]+(prefetch|preload)|http-equiv="refresh"|\son\w+=/i,
      );
      expect(page).not.toContain("autofocus");
    }
  });

  test("a link's preview reveals no token and nothing private", async () => {
    const { links, id } = await mailedInvitation();
    const machine = new Machine("Slackbot-LinkExpanding 1.0", { cookies: true });
    const answer = await machine.ask(links.find((link) => link.includes("/i/")) ?? "");
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(machine.pages.join()).not.toContain(links.find((link) => link.includes("/i/"))?.split("/i/")[1]);
    expect(machine.pages.join()).toContain(`/invitations/${id}/accept`);
    expect(machine.pages.join()).not.toContain("og:");
  });
});

/** Opens the first link of the email in a new browser, and presses the button. */
async function acceptAsAPerson(invitation: Invited & { links: string[] }): Promise<void> {
  const link = invitation.links.find((url) => url.includes("/i/") && !url.includes("decline")) ?? "";
  const person = new Machine("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", {
    cookies: true,
  });
  await person.ask(link);
  const page = person.pages.at(-1) ?? "";
  const action = formsIn(page).find((path) => path.endsWith("/accept")) ?? "";
  const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
  await person.ask(guildhall.api.origin + action, "POST", {}, new URLSearchParams({ csrf }));
  const after = await stateOf(invitation);
  expect(after.invitation.status).toBe("accepted");
  expect(after.users).toHaveLength(1);
}
