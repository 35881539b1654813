import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import { packageRoot } from "../../src/lib/package-root.ts";
import { stopServer } from "../../src/local/postgres-server.ts";
import { type Api, createApi } from "./api.ts";
import { type Backend, OPERATOR_TOKEN } from "./guildhall.ts";

export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A separate process as an operator runs it, with its output, signals and exit. */
export interface Child {
  pid: number;
  /** Its output so far on both streams. */
  output(): string;
  stdout(): string;
  /** Waits until it has printed this. @throws an error with its output if it ends first, or after 60 s. */
  prints(what: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** Waits until it ends. @throws after `within` milliseconds. */
  ends(within?: number): Promise<Ending>;
}

type Role = "all" | "api" | "worker" | "migrate";

let children: ChildProcess[] = [];
let directories: string[] = [];

/** Starts Guildhall as the npm scripts do, with only these variables. */
export function startGuildhallProcess(role: Role, variables: Record<string, string>): Child {
  return startProcess(process.execPath, ["--import", "tsx", "src/main.ts", role], variables);
}

/** Starts a program in the checkout as leader of its own process group, as a shell does. */
export function startProcess(program: string, args: string[], variables: Record<string, string>): Child {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(program, args, {
    cwd: packageRoot(),
    env: { PATH, HOME, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  children.push(child);
  let stdout = "";
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  // `close` comes after all output has been read.
  let ending: Ending | undefined;
  child.once("close", (code, signal) => {
    ending = { code, signal };
  });

  async function waitFor<T>(found: () => T | null | undefined, within: number, what: string): Promise<T> {
    for (const deadline = Date.now() + within; Date.now() < deadline; await sleep(20)) {
      const last = ending !== undefined;
      const result = found();
      if (result !== null && result !== undefined) return result;
      if (last) throw new Error(`${args.join(" ")} ended without ${what}; it printed:\n${output}`);
    }
    throw new Error(`${args.join(" ")}: no ${what} within ${within / 1_000} s; it printed:\n${output}`);
  }

  return {
    pid: child.pid ?? 0,
    output: () => output,
    stdout: () => stdout,
    prints: (what) => waitFor(() => what.exec(output), 60_000, String(what)),
    signal: (name) => void child.kill(name),
    ends: (within = 60_000) => waitFor(() => ending, within, "end"),
  };
}

/** Returns the variables that production needs, with a Redis database of its own if the queue is to be in Redis. */
export function productionVariables(
  backend: Backend,
  { port, database, smtp }: { port: number; database: string; smtp: string },
): Record<string, string> {
  return {
    NODE_ENV: "production",
    PORT: String(port),
    HOST: "127.0.0.1",
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DATABASE_URL: database,
    SMTP_URL: smtp,
    MAIL_FROM: "Guildhall <no-reply@guildhall.test>",
    SECRET_KEY: "the-secret-key-of-the-tests-has-32-bytes",
    ADMIN_TOKEN: OPERATOR_TOKEN,
    ...(backend === "redis" ? { REDIS_URL: `${inject("redisUrl")}/${randomInt(2_000, 4_096)}` } : {}),
  };
}

/** Calls the process at this port as the operator. */
export function operatorAt(port: number, token = OPERATOR_TOKEN): Api {
  const headers = { Authorization: `Bearer ${token}`, "X-Environment": "acme-test" };
  return createApi(`http://127.0.0.1:${port}`, headers);
}

/** Creates an environment, a user and an organization owned by the user. @returns the organization's id. */
export async function foundOrganization(api: Api): Promise<string> {
  const create = async (type: string, attributes: object, relationships = {}): Promise<string> => {
    const answer = await api.post(`/api/${type}s`, { data: { type, attributes, relationships } });
    if (answer.status !== 201) throw new Error(`${type}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.data.id;
  };
  await create("environment", { handle: "acme-test", name: "Acme" });
  const id = await create("user", { email: "ada@acme.example", first_name: "Ada" });
  return create("organization", { name: "Acme Corp" }, { owner: { data: { type: "user", id } } });
}

/** Creates an empty DATA_DIR. Postgres can enter it even if it runs as another user because we are root. */
export async function newDataDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "guildhall-process-"));
  await chmod(directory, 0o755);
  directories.push(directory);
  return directory;
}

/** Stops the processes of a test and removes its directories. For `afterEach`. */
export async function cleanUpProcesses(): Promise<void> {
  await Promise.all(children.map(killGroup));
  children = [];
  await Promise.all(directories.map(removeDataDirectory));
  directories = [];
}

/** Kills a process with all its children, such as npm's shell and node. */
async function killGroup(child: ChildProcess): Promise<void> {
  const over = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, "exit");
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has no members any more.
  }
  await over;
}

/** Also stops an embedded Postgres that a killed process left behind. Its data may be elsewhere. */
async function removeDataDirectory(directory: string): Promise<void> {
  const home = join(directory, "postgres");
  const elsewhere = await readlink(join(home, "elsewhere")).catch(() => undefined);
  await stopServer(join(elsewhere ?? home, "data"));
  if (elsewhere !== undefined) await rm(elsewhere, { recursive: true, force: true, maxRetries: 10 });
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
}
