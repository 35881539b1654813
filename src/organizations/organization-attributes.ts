import { z } from "zod";
import { country, externalId, lines, metadata, text, webAddress } from "../http/attributes.ts";

/** What may be said of an organization, on either face. */
export const organizationAttributes = z.strictObject({
  name: text(200),
  slug: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,98}[a-z0-9])?$/, { error: "use lower-case letters, digits and hyphens" })
    .nullish(),
  business_email: z.email().max(254).nullish(),
  business_phone: text(50).nullish(),
  tax_id: text(100).nullish(),
  address: lines(1_000, 10).nullish(),
  country: country.nullish(),
  picture: webAddress.nullish(),
  public_metadata: metadata.optional(),
  metadata: metadata.optional(),
  external_id: externalId.nullish(),
  member_management: z.enum(["owner", "owner_and_admins"]).optional(),
});
