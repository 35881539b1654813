export interface SessionKey {
  id: string;
  environment_id: string;
  /** Only this user's; null: anybody's. */
  user_id: string | null;
}

/** The columns by which a session is found. */
export function ownedBy({ id, environment_id, user_id }: SessionKey): Record<string, string> {
  return { id, environment_id, ...(user_id === null ? {} : { user_id }) };
}
