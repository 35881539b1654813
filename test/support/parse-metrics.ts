export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Metrics {
  /** The type of each family, by name. */
  types: Map<string, string>;
  samples: Sample[];
  /** Returns the samples with this name and at least these labels. */
  find(name: string, labels?: Record<string, string>): Sample[];
  /** Returns the value of the only sample, or undefined if there is none. @throws if there are several. */
  value(name: string, labels?: Record<string, string>): number | undefined;
}

const SAMPLE =
  /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"(?:,(?!\})|(?=\})))+)\})? (\S+)$/;
const NUMBER = /^(?:-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/i;
const SUFFIXES: Record<string, string[]> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

/**
 * Reads Prometheus' text format 0.0.4 strictly.
 * @throws at the first line that is invalid, in the wrong place, or a repetition.
 */
export function parseMetrics(text: string): Metrics {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  let family = "";
  let helped = "";
  const refuse = (line: string, why: string) => new Error(`${why}: ${line}`);
  if (!text.endsWith("\n")) throw new Error("the last line has no end");

  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "") continue;
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? [];
    if (keyword === "HELP") {
      if (types.has(name)) throw refuse(line, "a family twice");
      helped = name;
    } else if (keyword === "TYPE") {
      if (helped !== name) throw refuse(line, "TYPE without HELP before it");
      if (SUFFIXES[rest] === undefined || types.has(name)) throw refuse(line, "no such type, or twice");
      types.set(name, rest);
      family = name;
    } else {
      const sample = parseSample(line);
      const suffixes = SUFFIXES[types.get(family) ?? ""] ?? [];
      if (sample === undefined) throw refuse(line, "no sample");
      if (!suffixes.some((suffix) => sample.name === family + suffix)) throw refuse(line, `not of ${family}`);
      const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(identity)) throw refuse(line, "a sample twice");
      seen.add(identity);
      samples.push(sample);
    }
  }

  const find = (name: string, labels: Record<string, string> = {}) =>
    samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
  for (const [name, type] of types) if (type === "histogram") checkHistogram(find, name);
  return {
    types,
    samples,
    find,
    value(name, labels) {
      const found = find(name, labels);
      if (found.length > 1) throw new Error(`${name} ${JSON.stringify(labels)}: ${found.length} samples`);
      return found[0]?.value;
    },
  };
}

function parseSample(line: string): Sample | undefined {
  const [, name, inBraces = "", value = ""] = SAMPLE.exec(line) ?? [];
  if (name === undefined || !NUMBER.test(value)) return undefined;
  const labels: Record<string, string> = {};
  for (const [, key = "", escaped = ""] of inBraces.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
    labels[key] = escaped.replace(/\\(.)/g, (_, letter) => (letter === "n" ? "\n" : letter));
  return { name, labels, value: Number(value.replace(/Inf$/i, "Infinity")) };
}

/** Checks histograms: counts never decrease from bound to bound, and the last one equals the total. */
function checkHistogram(find: Metrics["find"], name: string): void {
  for (const { labels, value } of find(`${name}_count`)) {
    const counts = find(`${name}_bucket`, labels).map((bucket) => bucket.value);
    if (counts.at(-1) !== value || counts.some((count, n) => count < (counts[n - 1] ?? 0)))
      throw new Error(`${name} ${JSON.stringify(labels)}: ${counts.join(" ")}, in all ${value}`);
    if (find(`${name}_sum`, labels).length !== 1) throw new Error(`${name}: no sum`);
  }
}
