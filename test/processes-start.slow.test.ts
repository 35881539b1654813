import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { freePort } from "../src/local/free-port.ts";
import { pastable } from "./support/pastable.ts";
import {
  cleanUpProcesses,
  newDataDirectory,
  startGuildhallProcess,
  startProcess,
} from "./support/process.ts";

vi.setConfig({ testTimeout: 180_000 });
afterEach(cleanUpProcesses);

/** Everything on one machine; only the port and the data directory are set. */
interface Home {
  PORT: string;
  DATA_DIR: string;
}

async function newHome(): Promise<Home & Record<string, string>> {
  return { PORT: String(await freePort()), DATA_DIR: await newDataDirectory() };
}

test("npm start on a bare machine prints commands that work", async () => {
  const home = await newHome();
  const npm = startProcess("npm", ["start"], { ...home, npm_config_update_notifier: "false" });
  await npm.prints(/Stop with Ctrl-C/);
  const origin = `http://localhost:${home.PORT}`;
  expect(npm.stdout()).toContain(`${origin}/api`);
  expect(npm.stdout()).toContain(`${origin}/inbox`);
  const previews = await fetch(`${origin}/dev/mails`);
  expect([previews.status, npm.stdout().includes(previews.url)]).toEqual([200, true]);
  expect(npm.stdout()).toMatch(/X-Session-ID: [\w-]{43}/);
  expect(npm.stdout()).toMatch(/Authorization: Bearer [\w-]{43}/);

  const [invite, showMembers] = await pastable(npm, home.DATA_DIR);
  const before = await showMembers();
  const invitation = await invite();
  expect(invitation.data.attributes).toMatchObject({ email: "you@example.com", status: "pending" });

  const mail = await mailTo("you@example.com", origin);
  expect(mail.subject).toContain("Acme Corp");
  expect(await accept(mail.links, origin)).toContain("Acme Corp");
  const after = await showMembers();
  expect(after.data).toHaveLength(before.data.length + 1);

  // npm itself ends by the signal; the service still stops in order.
  npm.signal("SIGTERM");
  await npm.ends(10_000);
  expect(npm.output()).toContain('"msg":"stopping"');
  expect(await holdsData(home)).toBe(false);
});

test("nothing is left running when npm is killed", async () => {
  const home = await newHome();
  const npm = startProcess("npm", ["start"], { ...home, npm_config_update_notifier: "false" });
  await npm.prints(/Stop with Ctrl-C/);
  npm.signal("SIGKILL");
  await npm.prints(/npm is gone/);
  // Its output ends when the last process that could write to it has ended.
  expect(await npm.ends(10_000)).toEqual({ code: null, signal: "SIGKILL" });
  expect(await holdsData(home)).toBe(false);
});

test("a second start keeps all data, even after the first was killed", async () => {
  const home = await newHome();
  const first = startGuildhallProcess("all", home);
  await first.prints(/Stop with Ctrl-C/);
  const [invite, showMembers] = await pastable(first, home.DATA_DIR);
  expect((await invite()).data.type).toBe("invitation");
  const members = await showMembers();
  const origin = `http://localhost:${home.PORT}`;
  const mail = await mailTo("you@example.com", origin);

  let last = first;
  for (const ending of ["SIGKILL", "SIGTERM"] as const) {
    last.signal(ending);
    await last.ends();
    last = startGuildhallProcess("all", home);
    await last.prints(/Stop with Ctrl-C/);
    expect(last.stdout()).toBe(first.stdout());
    expect(await showMembers()).toEqual(members);
    expect((await invite()).errors).toMatchObject([{ status: "409" }]);
    expect(await mailTo("you@example.com", origin)).toEqual(mail);
  }
});

// Docker's default capabilities leave this one out. Then root can't look into the processes of other users.
test.runIf(process.getuid?.() === 0)("root in a container recognizes and stops its Postgres", async () => {
  const home = await newHome();
  const limits = ["--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"];
  const start = () =>
    startProcess("setpriv", [...limits, process.execPath, "--import", "tsx", "src/main.ts", "all"], home);
  const killed = start();
  await killed.prints(/Stop with Ctrl-C/);
  killed.signal("SIGKILL");
  await killed.ends();
  const next = start();
  await next.prints(/Stop with Ctrl-C/);
  next.signal("SIGTERM");
  expect(await next.ends()).toEqual({ code: 0, signal: null });
  expect(await holdsData(home)).toBe(false);
});

test("a second process at once names the one that uses the data", async () => {
  const home = await newHome();
  const first = startGuildhallProcess("all", home);
  await first.prints(/Stop with Ctrl-C/);

  const second = startGuildhallProcess("all", { ...home, PORT: String(await freePort()) });
  expect(await second.ends()).toEqual({ code: 1, signal: null });
  expect(second.output()).toContain(
    `Another Guildhall (process ${first.pid}) is using ${home.DATA_DIR}/postgres; stop it, or set DATA_DIR`,
  );
  expect(second.output()).not.toMatch(/^ +at /m);

  const ready = await fetch(`http://localhost:${home.PORT}/readyz`);
  expect(ready.status).toBe(200);
  const [invite] = await pastable(first, home.DATA_DIR);
  expect((await invite()).data.type).toBe("invitation");
});

test("readyz answers only once acme-test exists", async () => {
  const home = await newHome();
  startGuildhallProcess("all", home);
  const origin = `http://localhost:${home.PORT}`;
  // The first answer, and the first call after it.
  let ready = 0;
  while (ready !== 200)
    ready = await fetch(`${origin}/readyz`).then(
      ({ status }) => status,
      () => 0,
    );
  const token = await readFile(join(home.DATA_DIR, "session-token"), "utf8");
  const headers = { "X-Environment": "acme-test", "X-Session-ID": token };
  const answer = await fetch(`${origin}/api/organizations`, { headers });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("Acme Corp")]);
});

test("a port in use is reported before anything is created", async () => {
  const home = await newHome();
  const other = createServer().listen(Number(home.PORT), "127.0.0.1");
  await once(other, "listening");

  const guildhall = startGuildhallProcess("all", home);
  expect(await guildhall.ends()).toEqual({ code: 1, signal: null });
  expect(guildhall.output()).toContain(`PORT ${home.PORT} is taken`);
  expect(guildhall.output()).not.toMatch(/^ +at /m);
  expect(await readdir(home.DATA_DIR)).toEqual([]);
  other.close();
});

test("a start with an old Node is refused in one sentence", async () => {
  const older = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.18.3"})';
  const guildhall = startProcess(process.execPath, ["--import", older, "--import", "tsx", "src/main.ts"], {});
  expect(await guildhall.ends()).toEqual({ code: 1, signal: null });
  expect(guildhall.output()).toBe(
    "Guildhall needs Node 20.19 or newer, and this is 20.18.3: install the current LTS from https://nodejs.org and start again.\n",
  );
});

test("an unwritable data directory is named", async () => {
  const file = join(await newDataDirectory(), "file");
  await writeFile(file, "");
  const guildhall = startGuildhallProcess("all", {
    PORT: String(await freePort()),
    DATA_DIR: `${file}/data`,
  });
  expect(await guildhall.ends()).toEqual({ code: 1, signal: null });
  expect(guildhall.output()).toMatch(/DATA_DIR must be a directory you can write to/);
});

/** Whether a Postgres runs on this data. */
async function holdsData({ DATA_DIR }: Home): Promise<boolean> {
  const files = await readdir(join(DATA_DIR, "postgres"), { recursive: true });
  return files.includes(join("data", "postmaster.pid"));
}

async function mailTo(address: string, origin: string): Promise<{ subject: string; links: string[] }> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(50)) {
    const answer = await fetch(`${origin}/inbox`, { headers: { Accept: "application/json" } });
    const mails: Array<{ to: string; subject: string; links: string[] }> = JSON.parse(await answer.text());
    const mail = mails.find(({ to }) => to === address);
    if (mail !== undefined) return mail;
  }
  throw new Error(`no mail to ${address} within 20 s`);
}

/** Follows an email's link as a browser does and presses Accept. @returns the page that follows. */
async function accept(links: string[], origin: string): Promise<string> {
  const link = links.find((candidate) => candidate.startsWith(`${origin}/i/`)) ?? "";
  const opened = await fetch(link, { redirect: "manual" });
  const headers = {
    Cookie: opened.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; "),
  };
  const page = await fetch(new URL(opened.headers.get("Location") ?? "", origin), { headers });
  const form = /action="([^"]+\/accept)"[\s\S]*?name="csrf" value="([^"]+)"/.exec(await page.text());
  const [, action = "", csrf = ""] = form ?? [];
  const body = new URLSearchParams({ csrf });
  const answer = await fetch(new URL(action, origin), { method: "POST", headers, body });
  expect(answer.status).toBe(200);
  return answer.text();
}
