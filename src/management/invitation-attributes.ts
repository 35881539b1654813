import { z } from "zod";
import { emailAddress, expiry, locale, metadata, text } from "../http/attributes.ts";

/** What can be said of an invitation, be it a single one or a row of many. */
export const invitationAttributes = z.strictObject({
  email: emailAddress,
  first_name: text(100).nullish(),
  last_name: text(100).nullish(),
  role_ids: z.array(z.string().max(64)).max(50).default([]),
  message: z.string().trim().max(500, { error: "may have at most 500 characters" }).nullish(),
  locale: locale.nullish(),
  metadata: metadata.default({}),
  expires_at: expiry.nullish(),
});
