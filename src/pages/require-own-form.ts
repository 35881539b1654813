import { timingSafeEqual } from "node:crypto";
import { forbidden } from "../errors.ts";

/**
 * Refuses a form that another site made a browser send: the hidden field is derived from the cookie, which such a
 * site can neither read nor guess.
 * @throws 403.
 */
export function requireOwnForm(given: string | null, expected: string): void {
  const [one, other] = [Buffer.from(given ?? ""), Buffer.from(expected)];
  if (one.length === other.length && timingSafeEqual(one, other)) return;
  throw forbidden(
    "foreign_form",
    "This answer did not come from our page. Open the link in your email again.",
  );
}
