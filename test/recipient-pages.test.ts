import { beforeAll, describe, expect, test } from "vitest";
import { maskEmailAddress } from "../src/lib/email-address.ts";
import type { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { startGuildhall, useGuildhall } from "./support/guildhall.ts";
import { tokenIn } from "./support/mailbox.ts";

const guildhall = useGuildhall({ worker: true });
let organization: Organization;

beforeAll(async () => {
  organization = await buildOrganization(guildhall, await buildPerson(guildhall, { first_name: "Ada" }));
});

/** What a browser keeps and shows: cookies, the last page, its address. */
interface Browser {
  open(path: string, init?: RequestInit): Promise<{ status: number; page: string; headers: Headers }>;
  press(button: "accept" | "decline"): Promise<{ status: number; page: string; headers: Headers }>;
}

function browser(): Browser {
  const cookies = new Map<string, string>();
  let shown = "";
  const visit = async (path: string, init: RequestInit = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { Accept: "text/html", Cookie: cookie, ...init.headers };
    const answer = await fetch(guildhall.api.origin + path, { redirect: "manual", ...init, headers });
    for (const line of answer.headers.getSetCookie()) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split("=");
      cookies.set(name, value);
    }
    shown = await answer.text();
    return { status: answer.status, page: shown, headers: answer.headers };
  };
  const open: Browser["open"] = async (path, init) => {
    const answer = await visit(path, init);
    const next = answer.headers.get("Location");
    return answer.status === 303 && next !== null ? visit(next.split("#")[0] ?? "") : answer;
  };
  return {
    open,
    press(button) {
      const action = new RegExp(`action="([^"]+/${button})"`).exec(shown)?.[1] ?? "/no-such-form";
      const csrf = /name="csrf" value="([^"]+)"/.exec(shown)?.[1] ?? "";
      return open(action, { method: "POST", body: new URLSearchParams({ csrf }) });
    },
  };
}

/** Invites a new address. @returns the token in its email's link. */
async function mailedInvitation(): Promise<{ id: string; email: string; token: string }> {
  const email = uniqueEmail();
  const created = await invite(guildhall, organization, email);
  return { id: created.body.data.id, email, token: tokenIn(await guildhall.mailbox.waitFor(email)) };
}

async function statusOf(id: string): Promise<string> {
  return (await guildhall.db("invitations").where({ id }).first("status")).status;
}

describe("opening the link", () => {
  test("shows the invitation, under a URL without the token", async () => {
    const { id, token, email } = await mailedInvitation();
    const answer = await fetch(`${guildhall.api.origin}/i/${token}`, { redirect: "manual" });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("Location")).toMatch(new RegExp(`^/invitations/${id}\\?visit=[\\w-]{89}$`));
    expect(answer.headers.get("Location")).not.toContain(token.slice(-43));
    expect(answer.headers.get("Set-Cookie")).toMatch(/; Path=\/; HttpOnly; SameSite=Lax; Max-Age=1800$/);

    const { status, page } = await browser().open(`/i/${token}`);
    expect(status).toBe(200);
    expect(page).toContain("Acme Corp");
    expect(page).toContain(maskEmailAddress(email));
    expect(page).not.toContain(email);
    expect(page).not.toContain(token);
  });

  test("opening a link changes nothing, whatever program does it how often", async () => {
    const { id, token } = await mailedInvitation();
    const agents = [
      "Mozilla/5.0",
      "curl/8",
      "BarracudaCentral",
      "Microsoft Office/16.0 SafeLinks",
      "Googlebot",
    ];
    for (const agent of agents) {
      for (const method of ["GET", "HEAD", "OPTIONS"]) {
        for (const path of [
          `/i/${token}`,
          `/i/${token}?answer=decline`,
          `/invitations/${id}`,
          `/invitations/${id}/accept`,
          `/invitations/${id}/decline`,
        ]) {
          const headers = { "User-Agent": agent, Cookie: `${id}=${token}` };
          const answer = await fetch(guildhall.api.origin + path, { method, headers, redirect: "manual" });
          expect(answer.status).toBeLessThan(500);
        }
      }
    }
    expect(await statusOf(id)).toBe("pending");
    const human = browser();
    await human.open(`/i/${token}`);
    expect((await human.press("accept")).status).toBe(200);
    expect(await statusOf(id)).toBe("accepted");
  });

  test("gives a page that is never cached or framed and loads nothing", async () => {
    const { token } = await mailedInvitation();
    const { headers, page } = await browser().open(`/i/${token}`);
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Content-Security-Policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(page).not.toMatch(/<script|src=|https?:\/\/(?!www\.w3\.org)/);
  });
});

describe("answering on the page", () => {
  test("Accept makes the invited address a member and says so", async () => {
    const { id, email, token } = await mailedInvitation();
    const human = browser();
    await human.open(`/i/${token}`);
    const { status, page } = await human.press("accept");
    expect(status).toBe(200);
    expect(page).toContain("Acme Corp");
    const member = await guildhall
      .db("memberships")
      .join("users", "users.id", "user_id")
      .where({ email })
      .first("email_verified_at");
    expect(member.email_verified_at).not.toBeNull();
    expect(await statusOf(id)).toBe("accepted");
  });

  test("Decline declines, and makes nobody a member", async () => {
    const { id, email, token } = await mailedInvitation();
    const human = browser();
    await human.open(`/i/${token}?answer=decline`);
    expect((await human.press("decline")).status).toBe(200);
    expect(await statusOf(id)).toBe("declined");
    expect(await guildhall.db("users").where({ email })).toEqual([]);
  });

  test("pressing twice shows the same page again", async () => {
    const { token } = await mailedInvitation();
    const human = browser();
    await human.open(`/i/${token}`);
    const page = browser();
    await page.open(`/i/${token}`);
    expect((await human.press("accept")).status).toBe(200);
    expect((await page.press("accept")).status).toBe(200);
  });

  test("a form made elsewhere may send the token itself", async () => {
    const { id, token } = await mailedInvitation();
    const body = new URLSearchParams({ token });
    const answer = await fetch(`${guildhall.api.origin}/invitations/${id}/accept`, { method: "POST", body });
    expect(answer.status).toBe(200);
    expect(await statusOf(id)).toBe("accepted");
  });

  test("the same URL accepts JSON:API, and finds the invitation's environment", async () => {
    const { id, token } = await mailedInvitation();
    const answer = await fetch(`${guildhall.api.origin}/invitations/${id}/decline`, {
      method: "POST",
      headers: { "Content-Type": "application/vnd.api+json" },
      body: JSON.stringify({ meta: { token } }),
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      data: { type: "invitation", id, attributes: { status: "declined" } },
    });
  });

  test("another site's form is refused, because it can't know the hidden field", async () => {
    const { id, token } = await mailedInvitation();
    for (const csrf of ["", "guess", "x".repeat(43)]) {
      const answer = await fetch(`${guildhall.api.origin}/invitations/${id}/accept`, {
        method: "POST",
        headers: { Cookie: `${id}=${token}`, Accept: "text/html" },
        body: new URLSearchParams({ csrf }),
      });
      expect(answer.status).toBe(403);
    }
    expect(await statusOf(id)).toBe("pending");
  });
});

describe("a browser without cookies", () => {
  /** Follows every redirect, as browsers do, and keeps nothing. */
  const visit = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(guildhall.api.origin + path, { headers: { Accept: "text/html" }, ...init });
    return { status: answer.status, url: answer.url, page: await answer.text() };
  };
  const fieldsOf = (page: string) => [
    ...new Map(
      [...page.matchAll(/name="(\w+)" value="([^"]+)"/g)].map(([, name = "", value = ""]) => [name, value]),
    ),
  ];
  const press = (page: string, button: "accept" | "decline") => {
    const action = new RegExp(`action="([^"]+/${button})"`).exec(page)?.[1] ?? "/no-such-form";
    return visit(action, { method: "POST", body: new URLSearchParams(fieldsOf(page)) });
  };

  test.each(["accept", "decline"] as const)("sees the invitation and presses %s", async (button) => {
    const { id, token } = await mailedInvitation();
    const question = await visit(`/i/${token}`);
    expect([question.status, question.url.includes(token)]).toEqual([200, false]);
    const answered = await press(question.page, button);
    expect([answered.status, answered.url.includes(token)]).toEqual([200, false]);
    expect(await statusOf(id)).toBe(button === "accept" ? "accepted" : "declined");
    const reloaded = await visit(new URL(answered.url).pathname + new URL(answered.url).search);
    expect(reloaded.page).toBe(answered.page);
  });

  test("can press the button after the URL has expired", async () => {
    const { id, token } = await mailedInvitation();
    const { page } = await visit(`/i/${token}`);
    expect(Object.fromEntries(fieldsOf(page))).toMatchObject({ token });
    await press(page, "accept");
    expect(await statusOf(id)).toBe("accepted");
  });

  test("an expired or foreign URL shows nothing without the link", async () => {
    const mine = await mailedInvitation();
    const other = await mailedInvitation();
    const { linkKeys } = guildhall.context;
    const link = { invitationId: mine.id, tokenVersion: 1 };
    const good = linkKeys.signVisit(link, 1);
    expect((await visit(`/invitations/${mine.id}?visit=${good}`)).status).toBe(200);
    for (const path of [
      `/invitations/${mine.id}?visit=${linkKeys.signVisit(link, -1)}`,
      `/invitations/${other.id}?visit=${good}`,
      `/invitations/${mine.id}?visit=${mine.token}`,
      `/invitations/${mine.id}?visit=${good}&visit=${good}`,
      `/i/${good}`,
    ])
      expect((await visit(path)).status, path).toBe(404);
    const meta = { token: good };
    expect(await guildhall.api.as(null).post(`/invitations/${mine.id}/accept`, { meta })).toMatchObject({
      status: 404,
    });
  });

  test("a form with a wrong hidden field is refused", async () => {
    const { id, token } = await mailedInvitation();
    const body = new URLSearchParams({ token, csrf: "guess" });
    expect((await visit(`/invitations/${id}/accept`, { method: "POST", body })).status).toBe(403);
    expect(await statusOf(id)).toBe("pending");
  });

  test("with an earlier email's cookie sees the newer link's page", async () => {
    const { id, token } = await mailedInvitation();
    await guildhall.db("invitations").where({ id }).update({ token_version: 2 });
    const newer = guildhall.context.linkKeys.sign({ invitationId: id, tokenVersion: 2 });
    const { status, page } = await visit(`/i/${newer}`, {
      headers: { Accept: "text/html", Cookie: `${id}=${token}` },
    });
    expect(status).toBe(200);
    expect(page).toContain(`/invitations/${id}/accept`);
  });
});

describe("a closed invitation", () => {
  test.each(["declined", "revoked", "expired", "superseded"] as const)(
    "a closed invitation that is %s has its own page by link and button",
    async (state) => {
      const { id, token } = await mailedInvitation();
      const human = browser();
      const question = await human.open(`/i/${token}`);
      await close(id, state);
      const pressed = await human.press("accept");
      const opened = await browser().open(`/i/${token}`);
      expect(opened.page).toBe(pressed.page);
      expect(opened.page).not.toBe(question.page);
      expect(opened.status).toBe(state === "declined" ? 200 : 410);
      expect(await statusOf(id)).not.toBe("accepted");
    },
  );

  test("has a different page for each state", async () => {
    const pages = new Set<string>();
    for (const state of ["declined", "revoked", "expired", "superseded"] as const) {
      const { id, token } = await mailedInvitation();
      await close(id, state);
      pages.add((await browser().open(`/i/${token}`)).page);
    }
    expect(pages.size).toBe(4);
  });

  async function close(id: string, state: "declined" | "revoked" | "expired" | "superseded"): Promise<void> {
    const operator = { "X-Environment": "acme-test" };
    if (state === "declined") await guildhall.api.post(`/api/invitations/${id}/decline`, undefined, operator);
    if (state === "revoked") await guildhall.api.post(`/api/invitations/${id}/revoke`, undefined, operator);
    if (state === "expired")
      await guildhall
        .db("invitations")
        .where({ id })
        .update({ expires_at: new Date(0) });
    if (state === "superseded") await guildhall.db("invitations").where({ id }).update({ token_version: 2 });
  }
});

describe("invalid links", () => {
  test("all invalid links get the same 404 page", async () => {
    const { id, token } = await mailedInvitation();
    const tampered = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
    const answers = await Promise.all(
      [
        `/i/${tampered}`,
        "/i/nonsense",
        "/i/%00",
        `/i/${"0".repeat(81)}`,
        `/invitations/${id}`,
        "/invitations/inv_none",
      ].map((path) => browser().open(path)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    expect(new Set(answers.map(({ page }) => page)).size).toBe(1);
  });

  test("an invitation's link opens no other invitation", async () => {
    const mine = await mailedInvitation();
    const yours = await mailedInvitation();
    const headers = { Cookie: `${yours.id}=${mine.token}` };
    expect((await browser().open(`/invitations/${yours.id}`, { headers })).status).toBe(404);
    const answer = await guildhall.api
      .as(null)
      .post(`/api/invitations/${yours.id}/accept`, { meta: { token: mine.token } });
    expect(answer.status).toBe(404);
    expect(await statusOf(yours.id)).toBe("pending");
  });

  test("trying many links is refused with 429 after a while", async () => {
    const other = await startGuildhall();
    const answers = [];
    for (let attempt = 0; attempt < 40; attempt += 1)
      answers.push((await fetch(`${other.api.origin}/i/guess-${attempt}`)).status);
    await other.stop();
    expect(answers.slice(0, 30)).toEqual(Array(30).fill(404));
    expect(answers.slice(30)).toEqual(Array(10).fill(429));
  });
});
