import { z } from "zod";
import { metadata, text } from "./attributes.ts";

const attributes = z.strictObject({
  name: text(200),
  slug: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,98}[a-z0-9])?$/, { error: "use lower-case letters, digits and hyphens" })
    .nullish(),
  business_email: z.email().max(254).nullish(),
  business_phone: text(50).nullish(),
  tax_id: text(100).nullish(),
  address: text(1_000).nullish(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, { error: "use an ISO 3166-1 code such as DE" })
    .nullish(),
  picture: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .nullish(),
  metadata: metadata.optional(),
  external_id: text(200).nullish(),
  member_management: z.enum(["owner", "owner_and_admins"]).optional(),
});

/** What a request that creates an organization may hold. */
export const newOrganization = {
  type: "organization",
  attributes,
  relationships: { owner: { type: "user", prefix: "user", required: false } },
} as const;
/** What a request that changes one may hold. */
export const changedOrganization = {
  type: "organization",
  attributes: attributes.partial(),
  relationships: {},
} as const;
