import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Finds the folder of our package.json. Searches upwards, because this file runs from src/lib and from dist/src/lib. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`No package.json above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
}
