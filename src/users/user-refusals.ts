import { UniqueViolationError } from "objection";
import { conflict, forbidden } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";

/** The attributes that only programs may set, with the end of the sentence "Only programs …". */
const REASONS = {
  email_verified: "vouch for an address",
  metadata: "keep metadata about people",
  external_id: "set the id a user has in their own systems",
  inviting_paused_until: "pause users or lift a pause",
} as const;

/**
 * Refuses attributes that users may not set, not even their own: whether an address is verified, which decides who may
 * accept an invitation, and the team's notes about people.
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

/** Throws a 409 that names the value another user has; rethrows any other error. */
export function userExists(error: unknown): never {
  if (!(error instanceof UniqueViolationError)) throw error;
  if (error.constraint !== "users_external_id_unique")
    throw conflict("email_taken", "Another user of this environment has this address.");
  const detail =
    "Another user of this environment has this external_id. Choose another, or clear it there first.";
  throw conflict("external_id_taken", detail, { pointer: "/data/attributes/external_id" });
}
