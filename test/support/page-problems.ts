import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Frame, Page } from "playwright-core";

const source = readFileSync(join(import.meta.dirname, "page-problems.js"), "utf8");

/**
 * Finds problems that keep people from reading or using a page: too little contrast (WCAG 2.2, 1.4.3), no language or
 * title, headings out of order, controls without a name, content wider than the window. Returns a sentence for each.
 */
export function problemsOf(page: Page | Frame, kind: "page" | "mail" = "page"): Promise<string[]> {
  return page.evaluate<string[]>(`${source}\npageProblems(${JSON.stringify(kind)})`);
}
