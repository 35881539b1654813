import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterHome } from "./cluster-home.ts";
import { freePort } from "./free-port.ts";
import { serverProcess } from "./server-user.ts";
import { shutDown } from "./stop-orphan.ts";

export interface LaunchedServer {
  port: number;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const ATTEMPTS = 5;
/** The port went to somebody else in between, or processes of a killed server have yet to notice its end. */
const PASSING = /could not bind|could not create any TCP|pre-existing shared memory/;

export async function launchServer(
  home: ClusterHome,
  postgres: string,
  settings: Record<string, string>,
  log: string,
): Promise<LaunchedServer> {
  const data = join(home.path, "data");
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const fixed = { listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: "" };
    const args = Object.entries({ ...settings, ...fixed }).flatMap(([name, value]) => [
      "-c",
      `${name}=${value}`,
    ]);
    const child = await spawnServer(home, postgres, ["-D", data, ...args], log);
    const stop = () =>
      shutDown(
        (signal) => child.kill(signal),
        () => hasEnded(child),
      );

    if (await becomesReady(child, data)) return { port, stop };
    const outcome = hasEnded(child) ? "ended at once" : `was not ready within ${READY_WITHIN_MS / 1000} s`;
    await stop();
    const complaints = await readFile(log, "utf8");
    if (attempt === ATTEMPTS || !PASSING.test(complaints)) {
      const lastLines = complaints.trim().split("\n").slice(-10).join("\n");
      throw new Error(`The embedded Postgres in ${home.path} ${outcome}; the end of ${log}:\n${lastLines}`);
    }
    await sleep(100 * attempt);
  }
}

async function spawnServer(
  home: ClusterHome,
  postgres: string,
  args: string[],
  log: string,
): Promise<ChildProcess> {
  await rm(log, { force: true });
  const output = await open(log, "a", 0o600);
  try {
    // Detached, for the terminal's Ctrl-C would reach it before we have finished with it.
    const child = spawn(postgres, args, {
      ...serverProcess(home.user),
      stdio: ["ignore", output.fd, output.fd],
      detached: true,
    });
    await once(child, "spawn");
    child.unref();
    return child;
  } finally {
    await output.close();
  }
}

/** Asks postmaster.pid rather than the port, which a stranger might be answering: line 1 is the pid, line 8 the state. */
async function becomesReady(child: ChildProcess, data: string): Promise<boolean> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!hasEnded(child) && Date.now() < deadline) {
    const lines = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === "ready") return true;
    await sleep(10);
  }
  return false;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
