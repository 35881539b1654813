import { inlineCode } from "./inline-code.ts";
import type { Step } from "./step.ts";

/** Steps of a guided walk as the page shows them. */
export function presentSteps(steps: Step[]) {
  return steps.map((step, index) => ({ ...step, number: index + 1, text: inlineCode(step.text) }));
}
