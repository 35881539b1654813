import { z } from "zod";
import {
  country,
  described,
  externalId,
  lines,
  metadata,
  text,
  webAddress,
  withExample,
} from "../http/attributes.ts";

const slug = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,98}[a-z0-9])?$/, { error: "use lower-case letters, digits and hyphens" });

/** The attributes of an organization that either API can set. */
export const organizationAttributes = z.strictObject({
  name: withExample(text(200), "Acme Corp"),
  slug: described(
    slug.nullable(),
    "A short name for URLs, unique in the environment.",
    "acme-corp",
  ).optional(),
  business_email: withExample(z.email().max(254).nullable(), "office@acme.example").optional(),
  business_phone: withExample(text(50).nullable(), "+44 20 7946 0018").optional(),
  tax_id: withExample(text(100).nullable(), "GB123456789").optional(),
  address: described(
    lines(1_000, 10).nullable(),
    "As written on an envelope: up to 10 lines.",
    "1 Analytical Row, London",
  ).optional(),
  country: described(country.nullable(), "ISO 3166-1, two letters.", "GB").optional(),
  picture: described(
    webAddress.nullable(),
    "The URL of an image.",
    "https://acme.example/logo.png",
  ).optional(),
  public_metadata: described(
    metadata,
    "The members' own notes, so don't rely on it as proof of anything. The Bridge API calls it `metadata`. At most 8,192 bytes and 50 keys, nested ones included.",
    { team_size: 12 },
  ).optional(),
  metadata: described(
    metadata,
    "Your own systems' notes. Only programs set it; members see it. At most 8,192 bytes and 50 keys, nested ones included.",
    { crm_id: "C-1017" },
  ).optional(),
  external_id: described(
    externalId.nullable(),
    "The id in your own system, unique in the environment. Only programs set it.",
    "C-1017",
  ).optional(),
  member_management: described(
    z.enum(["owner", "owner_and_admins"]),
    "Who manages members: only the `owner`, or `owner_and_admins`, which means anyone with `members:manage`.",
    "owner_and_admins",
  ).optional(),
});
