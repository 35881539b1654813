import { chmod, lstat, mkdir } from "node:fs/promises";

/** Where root keeps what `nobody` must reach when the checkout or DATA_DIR is closed to other users. */
export const STATE_DIRECTORY = "/var/lib/guildhall";

export async function createStateDirectory(): Promise<void> {
  const created = await mkdir(STATE_DIRECTORY, { recursive: true });
  // Whatever the umask took away.
  if (created !== undefined) await chmod(STATE_DIRECTORY, 0o755);
  await assertOnlyRootWrites(STATE_DIRECTORY);
}

/** Programs are run and directories removed as found there, so nobody else may have put them there. */
export async function assertOnlyRootWrites(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return;
  throw new Error(
    `${path} must be a directory owned by root and writable by root alone; remove it and start again.`,
  );
}
