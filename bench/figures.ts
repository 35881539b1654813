import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../src/lib/package-root.ts";
import { quantile } from "./measure.ts";

/** Prints how large the tree is: files and lines of each folder, and of the walk that ARCHITECTURE.md describes. */
const root = packageRoot();

const linesOf = (path: string) => readFileSync(join(root, path), "utf8").trimEnd().split("\n").length;

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .map((name) => join(folder, name));
}

function print(name: string, files: string[]): void {
  const lines = files.map(linesOf).sort((a, b) => a - b);
  const sum = lines.reduce((total, count) => total + count, 0);
  const figures = [files.length, sum, quantile(lines, 0.5), quantile(lines, 0.9), lines.at(-1) ?? 0];
  console.log(name.padEnd(26), ...figures.map((figure) => String(Math.round(figure)).padStart(8)));
}

console.log("".padEnd(26), ...["files", "lines", "median", "p90", "longest"].map((head) => head.padStart(8)));
for (const folder of ["src", "jobs", "migrations", "bench", "test"]) print(folder, filesIn(folder));
const folders = new Set(filesIn("src").map((path) => path.split("/").slice(0, 2).join("/")));
for (const folder of [...folders].filter((path) => !path.endsWith(".ts")).sort())
  print(folder, filesIn(folder));
const architecture = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
const walk = [...architecture.matchAll(/^\| \d+ \| `([^`]+\.ts)`/gm)].map(([, path = ""]) => path);
print("the walk of an invitation", walk);
