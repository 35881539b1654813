import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Gauge, type Registry } from "prom-client";
import { packageRoot } from "../lib/package-root.ts";

/** Always 1: it is there for its label. */
export function buildMetrics(registry: Registry): void {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(packageRoot(), "package.json"), "utf8"),
  );
  const gauge = new Gauge({
    name: "guildhall_build_info",
    help: "Which version of Guildhall runs.",
    labelNames: ["version"],
    registers: [registry],
  });
  gauge.set({ version }, 1);
}
