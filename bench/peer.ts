import { execFile } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { requestText } from "./http-load.ts";
import type { Stage } from "./stage.ts";

export interface Peer {
  pid: number;
  port: number;
  /** Returns the requests that its clients send in a row of the bench. */
  requests(row: string, count: number): Promise<string[]>;
}

/** Milliseconds for the registry to deliver. */
const PATIENCE = 120_000;

const folder = join(import.meta.dirname, "peers");

/**
 * Starts Better Auth on a database of its own.
 * @returns undefined if its packages can't be installed; a sentence says so, and the bench goes on without it.
 */
export async function startPeer(stage: Stage, variables: Record<string, string>): Promise<Peer | undefined> {
  try {
    if (!isInstalled()) await install();
  } catch (error) {
    const cause = error instanceof Error ? error.message.trim().split("\n").at(-1) : error;
    console.log(`Better Auth is left out, because "npm ci" in bench/peers failed: ${cause}\n`);
    return undefined;
  }
  const DATABASE_URL = await stage.createEmptyDatabase("peer");
  const { child, pid, port } = await stage.startHelper("peers/better-auth.js", {
    ...variables,
    DATABASE_URL,
  });
  return {
    ...{ pid, port },
    async requests(row, count) {
      child.send({ row, count });
      const [{ requests }] = await once(child, "message");
      return requests.map(({ method, path, cookie, body }: Request) => {
        const type = body && { "Content-Type": "application/json" };
        return requestText(method, path, { Cookie: cookie, Origin: "http://localhost", ...type }, body);
      });
    },
  };
}

/** npm writes this file last. */
function isInstalled(): boolean {
  const written = (file: string) => statSync(join(folder, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return written("node_modules/.package-lock.json") > written("package-lock.json");
}

/** As the lock file says; scripts of packages don't run. */
async function install(): Promise<void> {
  const options = { cwd: folder, timeout: PATIENCE, shell: process.platform === "win32" };
  await promisify(execFile)("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], options);
}

interface Request {
  method: string;
  path: string;
  cookie: string;
  body?: object;
}
