import { z } from "zod";
import { emailAddress, expiry, locale, metadata, text } from "../http/attributes.ts";

/** The attributes of an invitation in a request, for a single one and for a row of a batch. */
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
