import { lstat } from "node:fs/promises";

/** A dangling symbolic link exists too. */
export async function pathExists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
