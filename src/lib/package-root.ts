import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder with our package.json; a walk, because this file runs both as src/lib/*.ts and as dist/src/lib/*.js. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`No package.json above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
}
