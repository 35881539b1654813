import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packageRoot } from "../src/lib/package-root.ts";

/** Everything in a bare Debian that the script uses before its tools are there. */
const BARE = ["bash", "chmod", "dirname", "env", "id", "mktemp", "rm"];

let bin: string;

beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), "guildhall-bare-"));
  for (const name of BARE) await symlink(await pathOf(name), join(bin, name));
  // The script only asks for the superuser's rights if it lacks them.
  await addProgram("sudo", '[ "$1" = -n ] && shift; exec "$@"');
});
afterEach(() => rm(bin, { recursive: true }));

test("CI installs Redis and Chromium on a machine that has neither", async () => {
  // Like apt-get: every package brings a program of its name.
  await addProgram(
    "apt-get",
    `echo "$@" >> ${bin}/asked; [ "$2" = install ] || exit 0
     for package; do echo '#!${bin}/bash' > ${bin}/$package; chmod +x ${bin}/$package; done`,
  );
  expect(await installTools()).toBe(0);
  const asked = await readFile(join(bin, "asked"), "utf8");
  expect(asked).toMatch(/install .*redis-server/);
  expect(asked).toMatch(/install .*chromium/);
});

test("CI fails if an installed package doesn't bring its program", async () => {
  await addProgram("apt-get", "exit 0");
  expect(await installTools()).toBe(2);
});

test("CI installs nothing if Redis and Chromium are already there", async () => {
  for (const name of ["redis-server", "chromium"]) await addProgram(name, "exit 0");
  await addProgram("apt-get", "exit 1");
  expect(await installTools()).toBe(0);
});

/** @returns the number of install steps that failed, which is the script's exit code. */
async function installTools(): Promise<number> {
  const script = join(packageRoot(), ".ci/run");
  const running = promisify(execFile)(join(bin, "bash"), [script, "tools"], { env: { PATH: bin } });
  return running.then(
    () => 0,
    ({ code }) => code,
  );
}

async function addProgram(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!${bin}/bash\n${script}\n`);
  await chmod(join(bin, name), 0o755);
}

async function pathOf(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)("sh", ["-c", `command -v ${name}`]);
  return stdout.trim();
}
