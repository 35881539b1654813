import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";

const folder = join(packageRoot(), "templates");

/** Another text whenever a template, a text or a style sheet was saved, added or deleted. */
export async function templatesVersion(): Promise<string> {
  const entries = await readdir(folder, { recursive: true });
  // A file may go between being listed and being looked at.
  const times = await Promise.all(
    entries.map((entry) =>
      stat(join(folder, entry)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return `${entries.length}-${Math.max(...times)}`;
}
