import type { User } from "./user.ts";

/** A person's display name, or null without one. `personNameSql` is the same rule in SQL. */
export function personName({ first_name, last_name }: Pick<User, "first_name" | "last_name">): string | null {
  return (
    [first_name, last_name]
      .filter((name) => name !== null)
      .join(" ")
      .trim() || null
  );
}

/** Makes the SQL of a person's display name. @param user the alias of a row of `users`. */
export function personNameSql(user: string): string {
  return `nullif(trim(concat_ws(' ', ${user}.first_name, ${user}.last_name)), '')`;
}
