import { UniqueViolationError } from "objection";
import { conflict } from "../errors.ts";

/** Says which of a user's values another one has; passes any other error on. @throws always. */
export function userExists(error: unknown): never {
  if (!(error instanceof UniqueViolationError)) throw error;
  if (error.constraint !== "users_external_id_unique")
    throw conflict("email_taken", "A user with this address exists in this environment.");
  const detail =
    "Another user of this environment has this external_id. Choose another, or clear it there first.";
  throw conflict("external_id_taken", detail, { pointer: "/data/attributes/external_id" });
}
