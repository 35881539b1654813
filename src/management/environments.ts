import { z } from "zod";
import { operator } from "../access/allow.ts";
import { createEnvironment } from "../environments/create-environment.ts";
import { updateEnvironment } from "../environments/update-environment.ts";
import {
  created_at,
  described,
  locale,
  text,
  updated_at,
  webAddress,
  withExample,
} from "../http/attributes.ts";
import { REMINDERS_PER_MAIL } from "../invitations/remind-invitees.ts";
import { byColumn } from "../json-api/filters.ts";
import { resourceType } from "../json-api/resource-type.ts";
import { Environment } from "../models/environment.ts";
import { DEFAULT_QUOTAS, type Quotas } from "../models/quotas.ts";
import { keyOf } from "./key-of.ts";
import { changes, creates } from "./resource-endpoints.ts";

export const environmentType = resourceType<Environment>({
  type: "environment",
  path: "environments",
  prefix: "env",
  description:
    "A separate world with its own users, organizations, roles and permissions. Nothing crosses from one environment to another.",
  seenBy: "The operator only.",
  readBy: "operator",
  visible: ({ db }) => Environment.query(db).select("environments.*"),
  attributes: z.object({
    handle: described(
      z.string(),
      "The environment's name in host names and in `X-Environment`. It never changes.",
      "acme-test",
    ),
    name: withExample(z.string(), "Acme, for trying out"),
    settings: described(
      z.looseObject({}),
      "The settings that were changed; all others have their defaults.",
      { invitation_lifetime_days: 14, from_name: "Acme" },
    ),
    created_at,
    updated_at,
  }),
  relationships: {},
  sortable: ["handle", "created_at"],
  filters: { handle: byColumn("environments.handle") },
});

/** At most 10,000, because what it limits is counted at every invitation. Null: the default. */
const quota = z
  .union([z.int().min(1).max(10_000), z.literal("unlimited")], {
    error: 'must be a whole number from 1 to 10000, or "unlimited"',
  })
  .nullish();
const quotas = z.strictObject({
  organizations_per_user: quota,
  invitations_per_user: quota,
  pending_per_organization: quota,
  emails_per_recipient: quota,
  resources_per_user: quota,
  unfinished_batches: quota,
} satisfies Record<keyof Quotas, z.ZodType>);

const defaultQuotas = Object.entries(DEFAULT_QUOTAS)
  .map(([name, most]) => `\`${name}\` ${most}`)
  .join(", ");

const settings = z.strictObject({
  invitation_lifetime_days: z.int().min(1).max(365),
  from_name: text(80),
  locale,
  redirect_url: webAddress,
  reminder_days: z
    .array(z.int().min(1).max(365))
    .max(REMINDERS_PER_MAIL)
    .refine((days) => days.every((day, index) => index === 0 || day > (days[index - 1] ?? 0)), {
      error: "must be days in ascending order, each once",
    })
    .describe("Days after the email; by default 2 and 5."),
  notify_inviter: z
    .strictObject({
      accepted: z.boolean(),
      declined: z.boolean(),
      expired: z.boolean(),
      undelivered: z.boolean(),
    })
    .partial()
    .describe("Which emails an inviter gets: all, unless switched off. Each is changed separately."),
  quotas: quotas.describe(
    `Each is a whole number up to 10,000 or \`unlimited\`, and changed separately. Defaults: ${defaultQuotas}.`,
  ),
  complaint_pause_days: z
    .int()
    .min(0)
    .max(365)
    .describe(
      "How long users can't send invitations after one was reported as spam: 1 by default, 0 for no pause.",
    ),
  member_adding: z
    .enum(["direct", "invite"])
    .describe("`direct`, or `invite`: people send an invitation instead of making someone a member at once."),
  member_management: z
    .enum(["owner", "owner_and_admins"])
    .describe("The value for new organizations that don't choose one, in both APIs."),
});
function nullish<Shape extends z.ZodRawShape>(shape: Shape) {
  const entries = Object.entries(shape).map(([name, setting]) => [name, z.nullish(setting)]);
  return Object.fromEntries(entries) as { [Name in keyof Shape]: z.ZodOptional<z.ZodNullable<Shape[Name]>> };
}

export const environmentEndpoints = [
  creates(environmentType, {
    summary: "Create an environment with the permission catalogue and the four system roles.",
    allow: operator({ environment: "none" }),
    attributes: z.strictObject({
      handle: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
        error: "use up to 63 lower-case letters, digits and hyphens",
      }),
      name: text(200),
      settings: settings.partial().default({}),
    }),
    async create(request) {
      const { handle, name, settings: given } = request.body.attributes;
      return createEnvironment(request.context.db, { handle, name, settings: given }, request.actor);
    },
  }),
  changes(environmentType, {
    summary: "Change an environment's name or settings.",
    allow: operator({ environment: "none" }),
    /** A setting that is null gets its default. The handle can't change, because links and tokens contain it. */
    attributes: z.strictObject({
      name: text(200).optional(),
      settings: z.strictObject(nullish(settings.shape)).optional(),
    }),
    async change(request) {
      const { id } = keyOf(request);
      await updateEnvironment(request.context.db, id, request.body.attributes, request.actor);
    },
  }),
];
