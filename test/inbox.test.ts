import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Koa from "koa";
import { createTransport } from "nodemailer";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { type Inbox, startInbox } from "../src/local/inbox.ts";
import { inboxPage, inboxRouter } from "../src/local/inbox-router.ts";
import { createMailRenderer } from "../src/mail/mail-renderer.ts";
import { mails } from "../src/mail/mails.ts";

const KEEP = 5;
const directory = await mkdtemp(join(tmpdir(), "inbox-"));
const renderer = createMailRenderer(inject("mailSources"));
const app = new Koa();
app.use(inboxRouter({ directory }).routes());
const server = createServer(app.callback());

let inbox: Inbox;
let origin: string;

beforeAll(async () => {
  inbox = await startInbox({ directory, keep: KEEP });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await inbox.stop();
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  for (const file of await readdir(directory)) await rm(join(directory, file));
});

async function send(mail: object): Promise<void> {
  const transport = createTransport(inbox.smtpUrl);
  await transport.sendMail({ from: { name: "Acme", address: "guildhall@app.example" }, ...mail });
  transport.close();
}

function sendInvitation(): Promise<void> {
  return send({ to: "grace@example.com", ...renderer.render("invitation", mails.invitation.sample, "en") });
}

type Listed = {
  id: string;
  to: string;
  from: string;
  subject: string;
  date: string;
  text: string;
  html: string;
  links: string[];
};

async function list(): Promise<Listed[]> {
  const response = await fetch(`${origin}/inbox`, { headers: { accept: "application/json" } });
  return (await response.json()) as Listed[];
}

async function newestId(): Promise<string> {
  const [newest] = await list();
  if (!newest) throw new Error("The inbox is empty");
  return newest.id;
}

async function get(path: string): Promise<{ status: number; headers: Headers; body: string }> {
  const response = await fetch(origin + path);
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** fetch removes dots from a path before it sends it. A hostile client does not. */
function statusOf(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    request({ hostname, port, path }, (response) => resolve(response.resume().statusCode))
      .on("error", reject)
      .end();
  });
}

describe("the inbox", () => {
  test("says that there is no email yet", async () => {
    expect((await get("/inbox")).body).toContain("No email yet");
    expect(await list()).toEqual([]);
  });

  test("shows the newest email first, with its recipient", async () => {
    await send({ to: "one@example.com", subject: "First", text: "Hello" });
    await send({ to: "two@example.com", subject: "Second", text: "Hello" });
    const { body } = await get("/inbox");
    expect(body.indexOf("Second")).toBeLessThan(body.indexOf("First"));
    expect(body).toContain("two@example.com");
  });

  test("refreshes itself even where scripts are off", async () => {
    expect((await get("/inbox")).body).toMatch(/<meta http-equiv="refresh" content="\d">/);
  });

  test("answers scripts in JSON, with the links in reading order", async () => {
    await sendInvitation();
    const { accept_url, decline_url, opt_out_url } = mails.invitation.sample;
    expect(await list()).toEqual([
      {
        id: expect.stringMatching(/^\d{8}T\d{9}Z-[0-9a-f]{8}$/),
        to: "grace@example.com",
        from: "Acme <guildhall@app.example>",
        subject: "Join Analytical Engines on Acme",
        date: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        text: expect.stringContaining(accept_url),
        html: expect.stringContaining("<h1"),
        links: [accept_url, decline_url, opt_out_url],
      },
    ]);
  });

  test("names every recipient of an email, also those in no header", async () => {
    await send({ to: "one@example.com", bcc: "two@example.com", subject: "Both", text: "Hello" });
    expect((await list()).map(({ to }) => to)).toEqual(["one@example.com, two@example.com"]);
  });

  test("keeps only the newest emails", async () => {
    for (let number = 1; number <= KEEP + 2; number += 1)
      await send({ to: "a@example.com", subject: `No ${number}`, text: "x" });
    expect((await list()).map(({ subject }) => subject)).toEqual(["No 7", "No 6", "No 5", "No 4", "No 3"]);
  });

  test("leaves no unfinished file behind", async () => {
    await sendInvitation();
    expect((await readdir(directory)).every((file) => file.endsWith(".eml"))).toBe(true);
  });
});

describe("an email in the inbox", () => {
  test("is shown with headers, and HTML in a frame without scripts", async () => {
    await sendInvitation();
    const id = await newestId();
    const { body } = await get(`/inbox/${id}`);
    expect(body).toContain("Acme &lt;guildhall@app.example&gt;");
    expect(body).toContain("grace@example.com");
    expect(body).toMatch(/<h1[^>]*>Join Analytical Engines on Acme<\/h1>/);
    expect(body).toContain(
      `<iframe src="/inbox/${id}/html" sandbox="allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"`,
    );
  });

  test("can be read as text, headers and source", async () => {
    await sendInvitation();
    const id = await newestId();
    expect((await get(`/inbox/${id}?view=text`)).body).toContain("Accept invitation:");
    expect((await get(`/inbox/${id}?view=headers`)).body).toMatch(/<dt>Message-ID<\/dt>/);
    expect((await get(`/inbox/${id}?view=source`)).body).toContain("Content-Type: multipart/alternative");
  });

  test("opens as text if it has no HTML", async () => {
    await send({ to: "a@example.com", subject: "Plain", text: "Only <b>text</b>" });
    const { body } = await get(`/inbox/${await newestId()}`);
    expect(body).toContain("Only &lt;b&gt;text&lt;/b&gt;");
    expect(body).not.toContain("<iframe");
  });

  test("can be downloaded as it came, recipients first", async () => {
    await sendInvitation();
    const { headers, body } = await get(`/inbox/${await newestId()}/source`);
    expect(headers.get("content-type")).toBe("message/rfc822");
    expect(headers.get("content-disposition")).toMatch(/^attachment; filename="[\w-]+\.eml"$/);
    expect(body).toMatch(/^Delivered-To: grace@example\.com\r\n/);
  });

  test("opens its links outside the frame", async () => {
    await sendInvitation();
    expect((await get(`/inbox/${await newestId()}/html`)).body).toMatch(/<head><base target="_blank">/);
  });
});

describe("a hostile email in the inbox", () => {
  const attack = '<script>parent.hacked = 1</script><img src="https://evil.example/x" onerror="hacked = 1">';

  test("runs no script and loads nothing, even if opened outside its frame", async () => {
    await send({ to: "a@example.com", subject: "x", html: attack });
    const { headers } = await get(`/inbox/${await newestId()}/html`);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation",
    );
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("adds no element to the inbox's own pages", async () => {
    await send({
      to: "a@example.com",
      from: { name: attack, address: "a@evil.example" },
      subject: attack,
      text: attack,
      html: attack,
    });
    const id = await newestId();
    for (const path of [
      "/inbox",
      ...["html", "text", "headers", "source"].map((view) => `/inbox/${id}?view=${view}`),
    ]) {
      const page = (await get(path)).body.replace(`<script>${inboxPage.script}</script>`, "");
      expect(page, path).not.toMatch(/<script|<img/i);
    }
  });
});

describe("every page of the inbox", () => {
  test("allows only its own style, script and frames, and is never stored", async () => {
    await sendInvitation();
    for (const path of ["/inbox", `/inbox/${await newestId()}`, "/inbox/unknown"]) {
      const { headers } = await get(path);
      expect(headers.get("content-security-policy"), path).toMatch(
        /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self'; frame-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'$/,
      );
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });
});

describe("the inbox's error pages", () => {
  test.each([
    "/inbox/20261121T185523123Z-00000000",
    "/inbox/..%2f..%2f..%2fetc%2fpasswd",
    "/inbox/../../package.json",
    "/inbox/%2e%2e%2fpackage.json/source",
    "/inbox/20261121T185523123Z-0000000g/html",
    "/inbox/constructor",
  ])("answer 404 at %s", async (path) => {
    expect(await statusOf(path)).toBe(404);
  });
});
