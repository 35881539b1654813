import { UniqueViolationError } from "objection";
import { conflict, forbidden } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";

/** What only programs say of a user, and why. */
const REASONS = {
  email_verified: "vouch for an address",
  metadata: "keep metadata about people",
  external_id: "say what their own systems call a user",
  inviting_paused_until: "pause users or lift a pause",
} as const;

/**
 * Refuses what a user may not say of anybody, themselves included: that an address is verified, which proves who may
 * accept what was sent there, and what the team notes about people.
 * @throws 403.
 */
export function refuseProgramAttributes(
  given: { [Name in keyof typeof REASONS]?: unknown },
  { kind }: Pick<Actor, "kind">,
): void {
  if (kind !== "user") return;
  for (const [name, reason] of Object.entries(REASONS)) {
    const value = given[name as keyof typeof REASONS];
    if (value === undefined || (name === "email_verified" && value === false)) continue;
    const pointer = `/data/attributes/${name}`;
    throw forbidden("program_only", `Only programs ${reason}: leave \`${name}\` out.`, { pointer });
  }
}

/** Says which of a user's values another one has; passes any other error on. @throws always. */
export function userExists(error: unknown): never {
  if (!(error instanceof UniqueViolationError)) throw error;
  if (error.constraint !== "users_external_id_unique")
    throw conflict("email_taken", "A user with this address exists in this environment.");
  const detail =
    "Another user of this environment has this external_id. Choose another, or clear it there first.";
  throw conflict("external_id_taken", detail, { pointer: "/data/attributes/external_id" });
}
