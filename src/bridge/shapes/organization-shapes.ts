import { z } from "zod";
import { time } from "./values.ts";

/** The strongest of the system roles somebody has; null with none. */
export const role = z.enum(["owner", "admin", "billing", "member"]).nullable();

export const organizationShape = z.object({
  id: z.string(),
  name: z.string(),
  owner_user_id: z.string().nullable(),
  business_email: z.string().nullable(),
  business_phone: z.string().nullable(),
  tax_id: z.string().nullable(),
  address: z.string().nullable(),
  country: z.string().nullable(),
  picture: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  member_management: z.enum(["owner", "owner_and_admins"]),
  created_at: time,
  updated_at: time,
});

export const organizationWithRoleShape = organizationShape.extend({
  your_role: role,
  your_roles: z.array(z.string()),
});

export const ownOrganizationShape = z.object({
  id: z.string(),
  name: z.string(),
  role,
  roles: z.array(z.string()),
  business_email: z.string().nullable(),
  created_at: time,
});

const counts = z.record(z.string(), z.number().int());

export const previewShape = z.object({ organization_id: z.string(), planned: counts });

export const deletionShape = z.object({
  id: z.string(),
  organization_id: z.string(),
  organization_name: z.string(),
  state: z.enum(["detaching", "completed"]),
  planned: counts,
  done: counts,
  created_at: time,
  updated_at: time,
  completed_at: time.nullable(),
});

export const memberShape = z.object({
  id: z.string(),
  organization_id: z.string(),
  user_id: z.string(),
  user_name: z.string().nullable(),
  user_first_name: z.string().nullable(),
  user_last_name: z.string().nullable(),
  user_email: z.string(),
  user_picture: z.string().nullable(),
  role,
  roles: z.array(z.string()),
  created_at: time,
  updated_at: time,
});
