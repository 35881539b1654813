import { emailAddress } from "../http/attributes.ts";
import { organizationAttributes as attributes } from "../organizations/organization-attributes.ts";

/** What a request that creates an organization may hold. */
export const newOrganization = {
  type: "organization",
  attributes: attributes.extend({ owner_email: emailAddress.nullish() }),
  relationships: { owner: { type: "user", prefix: "user", required: false } },
} as const;
/** What a request that changes one may hold. */
export const changedOrganization = {
  type: "organization",
  attributes: attributes.partial(),
  relationships: {},
} as const;
