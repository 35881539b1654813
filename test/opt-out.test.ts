import { beforeAll, describe, expect, test } from "vitest";
import { createLinkKeys } from "../src/invitations/invitation-link.ts";
import { newId } from "../src/lib/id.ts";
import type { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { startGuildhall, useGuildhall } from "./support/guildhall.ts";
import { type ReceivedMail, tokenIn } from "./support/mailbox.ts";

const guildhall = useGuildhall();
let organization: Organization;

beforeAll(async () => {
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
});

interface Mailed {
  id: string;
  email: string;
  mail: ReceivedMail;
  /** The path of the opt-out link. */
  path: string;
}

async function mailed(attributes: object = {}, email = uniqueEmail(), to = organization): Promise<Mailed> {
  const { body } = await invite(guildhall, to, email, attributes);
  await guildhall.jobContext.deliveries.run();
  const mail = await guildhall.mailbox.waitFor(email);
  return { id: body.data.id, email, mail, path: pathIn(mail) };
}

function pathIn({ mail }: ReceivedMail): string {
  const path = /https?:\/\/[^/\s]+(\/u\/[\w-]+)/.exec(mail.text ?? "")?.[1];
  if (path === undefined) throw new Error("the mail has no link to opt out by");
  return path;
}

interface Page {
  status: number;
  page: string;
  headers: Headers;
}

async function visit(path: string, init: RequestInit = {}): Promise<Page> {
  const headers = { Accept: "text/html", ...init.headers };
  const answer = await fetch(guildhall.api.origin + path, { redirect: "manual", ...init, headers });
  return { status: answer.status, page: await answer.text(), headers: answer.headers };
}

/** Sends the only form of a page. */
function send({ page }: Page): Promise<Page> {
  const action = /<form method="post" action="([^"]+)"/.exec(page)?.[1] ?? "/no-such-form";
  const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
  return visit(action, { method: "POST", body: new URLSearchParams({ csrf }) });
}

/** Presses the only button of a page. @returns the page a browser ends at. */
async function press(page: Page): Promise<Page> {
  const { headers } = await send(page);
  return visit(headers.get("Location") ?? "/no-such-page");
}

const isSuppressed = async (email: string): Promise<string | undefined> =>
  (await guildhall.db("suppressions").where({ email_canonical: email.toLowerCase() }).first())?.reason;

describe("the opt-out link", () => {
  test("the opt-out page shows one button and the masked address", async () => {
    const { email, path } = await mailed();
    const { status, page } = await visit(path);
    expect(status).toBe(200);
    expect(page.match(/<button/g)).toHaveLength(1);
    expect(page).not.toContain(email);
    expect(page).toContain("•••@example.com");
  });

  test("opening the opt-out link changes nothing", async () => {
    const { email, path } = await mailed();
    for (const agent of ["Mozilla/5.0", "curl/8", "BarracudaCentral", "Microsoft Office/16.0 SafeLinks"]) {
      for (const method of ["GET", "HEAD", "OPTIONS"]) {
        const { status } = await visit(path, { method, headers: { "User-Agent": agent } });
        expect(status).toBe(200);
      }
    }
    expect(await isSuppressed(email)).toBeUndefined();
  });

  test("the opt-out page is never cached or framed, loads nothing and sets no cookie", async () => {
    const { headers, page } = await visit((await mailed()).path);
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("Content-Security-Policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get("Set-Cookie")).toBeNull();
    expect(page).not.toMatch(/<script|src=|https?:\/\/(?!www\.w3\.org)/);
  });

  test("the opt-out page is in the invitation's language", async () => {
    const { path } = await mailed({ locale: "de" });
    const question = await visit(path);
    expect(question.page).toContain('<html lang="de"');
    expect((await press(question)).page).toContain('<html lang="de"');
  });
});

describe("the opt-out button", () => {
  test("the opt-out button suppresses the address and says so", async () => {
    const { email, path } = await mailed();
    const question = await visit(path);
    const done = await press(question);
    expect(done.status).toBe(200);
    expect(done.page).not.toContain("<form");
    expect(await isSuppressed(email)).toBe("opted_out");
    expect((await visit(path)).page).toBe(done.page);
  });

  test("the page after opting out can be reloaded without sending again", async () => {
    const { path } = await mailed();
    const sent = await send(await visit(path));
    expect([sent.status, sent.headers.get("Location"), sent.page]).toEqual([303, path, ""]);
    expect(sent.headers.get("Cache-Control")).toBe("no-store");
    expect(sent.headers.get("Referrer-Policy")).toBe("no-referrer");
    const [shown, reloaded] = [await visit(path), await visit(path)];
    expect(shown.status).toBe(200);
    expect(shown.page).not.toContain("<form");
    expect(reloaded.page).toBe(shown.page);
  });

  test("opting out stops every organization's invitations until it is lifted", async () => {
    const { email, path } = await mailed();
    await press(await visit(path));
    const other = await buildOrganization(guildhall, await buildPerson(guildhall));
    const { body } = await invite(guildhall, other, email);
    await guildhall.jobContext.deliveries.run();
    const read = async () =>
      (await guildhall.api.get(`/api/invitations/${body.data.id}`)).body.data.attributes;
    expect(await read()).toMatchObject({ status: "pending", delivery_status: "suppressed" });
    const [suppression] = (await guildhall.api.get(`/api/suppressions?filter[email]=${email}`)).body.data;
    await guildhall.api.delete(`/api/suppressions/${suppression.id}`);
    const third = await buildOrganization(guildhall, await buildPerson(guildhall));
    await invite(guildhall, third, email);
    await guildhall.jobContext.deliveries.run();
    await guildhall.mailbox.waitFor(email, 2);
  });

  test("opting out doesn't affect other environments", async () => {
    const { email, path } = await mailed();
    await press(await visit(path));
    const outsider = await buildPerson(guildhall, { environment: "elsewhere" });
    const theirs = await buildOrganization(guildhall, outsider);
    await invite({ ...guildhall, api: guildhall.api.in("elsewhere") }, theirs, email);
    await guildhall.jobContext.deliveries.run();
    await guildhall.mailbox.waitFor(email, 2);
  });

  test("an invitation can still be answered after opting out", async () => {
    const { id, mail, path } = await mailed();
    await press(await visit(path));
    const { status } = await guildhall.api
      .as(null)
      .post(`/api/invitations/${id}/accept`, { meta: { token: tokenIn(mail) } });
    expect(status).toBe(200);
  });

  test("opting out ten times at once suppresses once, with one event", async () => {
    const { email, path } = await mailed();
    const question = await visit(path);
    const answers = await Promise.all(Array.from({ length: 10 }, () => press(question)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    const [{ id }] = await guildhall.db("suppressions").where({ email_canonical: email });
    expect(await guildhall.db("events").where({ subject_id: id })).toMatchObject([
      { type: "suppression.created", actor_kind: "invitee", data: { email, reason: "opted_out" } },
    ]);
  });

  test("lifting a bounce doesn't lift an opt-out", async () => {
    const { email, path } = await mailed();
    const attributes = { email, reason: "bounced" };
    await guildhall.api.post("/api/suppressions", { data: { type: "suppression", attributes } });
    await press(await visit(path));
    expect(await isSuppressed(email)).toBe("opted_out");
  });

  test("another site's form can't opt anyone out", async () => {
    const { email, path } = await mailed();
    const bodies: Array<Record<string, string>> = [
      {},
      { csrf: "" },
      { csrf: "x".repeat(43) },
      { "List-Unsubscribe": "Two-Clicks" },
    ];
    for (const body of bodies) {
      expect((await visit(path, { method: "POST", body: new URLSearchParams(body) })).status).toBe(403);
    }
    expect((await visit(path, { method: "POST", body: "{}" })).status).toBe(403);
    expect((await visit(path, { method: "POST" })).status).toBe(403);
    expect(await isSuppressed(email)).toBeUndefined();
  });

  test("opting out works after the invitation is closed", async () => {
    const { id, email, path } = await mailed();
    await guildhall.api.post(`/api/invitations/${id}/revoke`);
    await press(await visit(path));
    expect(await isSuppressed(email)).toBe("opted_out");
  });
});

describe("the email program's own button (RFC 8058)", () => {
  const multipart = new FormData();
  multipart.set("List-Unsubscribe", "One-Click");

  test.each<[string, URLSearchParams | FormData]>([
    ["an encoded form", new URLSearchParams({ "List-Unsubscribe": "One-Click" })],
    ["a form in parts", multipart],
  ])("one-click opt-out takes %s without a cookie and answers 200", async (_, body) => {
    const { email, path } = await mailed();
    const { status, headers } = await visit(path, { method: "POST", body, headers: { Accept: "*/*" } });
    expect([status, headers.get("Location")]).toEqual([200, null]);
    expect(await isSuppressed(email)).toBe("opted_out");
  });

  describe("emails from before a suppression was lifted", () => {
    const oneClick = (path: string) =>
      visit(path, { method: "POST", body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }) });

    async function lift(email: string): Promise<void> {
      const [suppression] = (await guildhall.api.get(`/api/suppressions?filter[email]=${email}`)).body.data;
      expect((await guildhall.api.delete(`/api/suppressions/${suppression.id}`)).status).toBe(204);
    }

    test("an old email's one click after a lift asks again", async () => {
      const { email, path } = await mailed();
      expect((await oneClick(path)).status).toBe(200);
      await lift(email);
      const asked = await oneClick(path);
      expect(asked.status).toBe(409);
      expect(asked.page).toContain("<form");
      expect(await isSuppressed(email)).toBeUndefined();
      await press(asked);
      expect(await isSuppressed(email)).toBe("opted_out");
    });

    test("every email from before a lift asks again", async () => {
      const email = uniqueEmail();
      const other = await buildOrganization(guildhall, await buildPerson(guildhall));
      const [first, second] = [await mailed({}, email), await invite(guildhall, other, email)];
      await press(await visit(first.path));
      await lift(email);
      const path = `/u/${guildhall.context.linkKeys.signOptOut(second.body.data.id)}`;
      expect((await oneClick(path)).status).toBe(409);
      expect(await isSuppressed(email)).toBeUndefined();
    });

    test("one click works for emails after a lift, and if only a bounce was lifted", async () => {
      const bounced = await mailed();
      const attributes = { email: bounced.email, reason: "bounced" };
      await guildhall.api.post("/api/suppressions", { data: { type: "suppression", attributes } });
      await lift(bounced.email);
      expect((await oneClick(bounced.path)).status).toBe(200);
      expect(await isSuppressed(bounced.email)).toBe("opted_out");

      await lift(bounced.email);
      const other = await buildOrganization(guildhall, await buildPerson(guildhall));
      const { body } = await invite(guildhall, other, bounced.email);
      await guildhall.jobContext.deliveries.run();
      const path = `/u/${guildhall.context.linkKeys.signOptOut(body.data.id)}`;
      expect((await oneClick(path)).status).toBe(200);
      expect(await isSuppressed(bounced.email)).toBe("opted_out");
    });
  });

  test("invitations and reminders offer one-click opt-out over https", async () => {
    const { settings, context } = guildhall;
    const origin = settings.PUBLIC_URL;
    settings.PUBLIC_URL = "https://guildhall.example.com";
    const { id, email, mail: invitation } = await mailed();
    const row = () => guildhall.db("mail_deliveries").where({ invitation_id: id });
    await expect.poll(() => row().where({ state: "sent" }).first()).toBeDefined();
    await row().update({ kind: "invitation-reminder", state: "pending", due_at: guildhall.db.fn.now() });
    await guildhall.jobContext.deliveries.run();
    const mails = [invitation, await guildhall.mailbox.waitFor(email, 2)];
    settings.PUBLIC_URL = origin;
    const url = `https://guildhall.example.com/u/${context.linkKeys.signOptOut(id)}`;
    for (const { mail, source } of mails) {
      const header = (name: string) => mail.headers.find(({ key }) => key === name)?.value;
      expect(header("list-unsubscribe")).toBe(`<${url}>`);
      expect(header("list-unsubscribe-post")).toBe("List-Unsubscribe=One-Click");
      expect(mail.text).toContain(url);
      expect(source).toContain(`<${url}>\r\n`);
    }
  });

  test("one-click opt-out is not offered over http or in notices", async () => {
    expect((await mailed()).mail.source).not.toMatch(/^List-/im);
    const { settings } = guildhall;
    const origin = settings.PUBLIC_URL;
    const inviter = await buildPerson(guildhall);
    const theirs = await buildOrganization(guildhall, inviter);
    const api = guildhall.api.as(inviter.token);
    const { body } = await invite({ ...guildhall, api }, theirs, uniqueEmail());
    await guildhall.api.post(`/api/invitations/${body.data.id}/decline`);
    settings.PUBLIC_URL = "https://guildhall.example.com";
    await guildhall.jobContext.deliveries.run();
    const notice = await guildhall.mailbox.waitFor(inviter.user.email);
    settings.PUBLIC_URL = origin;
    expect(notice.source).not.toMatch(/^List-/im);
  });
});

describe("invalid opt-out links", () => {
  test("every invalid opt-out link gets the same 404 page", async () => {
    const { mail, path } = await mailed();
    const token = path.slice("/u/".length);
    const tampered = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
    const unsent = guildhall.context.linkKeys.signOptOut(newId("inv"));
    const paths = [tampered, tokenIn(mail), "nonsense", "%00", "0".repeat(77), unsent].map(
      (end) => `/u/${end}`,
    );
    const one = new URLSearchParams({ "List-Unsubscribe": "One-Click" });
    const answers = await Promise.all([
      ...paths.map((wrong) => visit(wrong)),
      ...paths.map((wrong) => visit(wrong, { method: "POST", body: one })),
      visit(`/i/${token}`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    expect(new Set(answers.map(({ page }) => page)).size).toBe(1);
  });

  test("guessing opt-out links is refused with 429 after a while", async () => {
    const other = await startGuildhall();
    const answers = [];
    for (let n = 0; n < 33; n += 1) answers.push((await fetch(`${other.api.origin}/u/guess-${n}`)).status);
    await other.stop();
    expect(answers).toEqual([...Array(30).fill(404), 429, 429, 429]);
  });
});

describe("opt-out tokens", () => {
  const [current, former] = ["current-key-of-at-least-32-bytes!", "former-key-of-at-least-32-bytes!!"];
  const id = newId("inv");
  const keys = createLinkKeys([current]);
  const token = keys.signOptOut(id);

  test("an opt-out token is the same every time and proves its invitation", () => {
    expect(keys.signOptOut(id)).toBe(token);
    expect(keys.verifyOptOut(token)).toBe(id);
  });

  test("opt-out tokens and invitation tokens don't work for each other", () => {
    const link = keys.sign({ invitationId: id, tokenVersion: 1 });
    expect(keys.verify(token)).toBeUndefined();
    expect(keys.verifyOptOut(link)).toBeUndefined();
    const signature = link.slice(-43);
    expect(keys.verifyOptOut(token.slice(0, -43) + signature)).toBeUndefined();
    expect(keys.verifyOptOut(token.slice(0, -43) + keys.formSecret(token.slice(0, 26)))).toBeUndefined();
    expect(keys.verify(link.slice(0, -43) + token.slice(-43))).toBeUndefined();
  });

  test("an opt-out token with one letter changed is refused", () => {
    for (let n = 0; n <= token.length; n += 1) {
      const [before, letter, after] = [token.slice(0, n), token[n] ?? "", token.slice(n + 1)];
      expect(keys.verifyOptOut(before + (letter === "a" ? "b" : "a") + after), `letter ${n}`).toBeUndefined();
      expect(keys.verifyOptOut(`${before}-${letter}${after}`)).toBeUndefined();
    }
    for (const text of ["", "\n", `${token}\n`, ` ${token}`]) expect(keys.verifyOptOut(text)).toBeUndefined();
  });

  test("an opt-out token works while its key is among the previous ones", () => {
    const before = createLinkKeys([former]).signOptOut(id);
    expect(createLinkKeys([current, former]).verifyOptOut(before)).toBe(id);
    expect(keys.verifyOptOut(before)).toBeUndefined();
  });
});
