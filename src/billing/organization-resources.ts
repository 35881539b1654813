/** The tables whose rows an organization may share; each has `organization_id`, indexed, and keeps its creator in `user_id`. */
export const RESOURCE_TABLES = ["subscriptions"] as const;
