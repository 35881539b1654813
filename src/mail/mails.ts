import type { z } from "zod";
import { invitationAcceptedMail } from "./invitation-accepted-mail.ts";
import { invitationDeclinedMail } from "./invitation-declined-mail.ts";
import { invitationExpiredMail } from "./invitation-expired-mail.ts";
import { invitationMail } from "./invitation-mail.ts";
import { invitationReminderMail } from "./invitation-reminder-mail.ts";
import { invitationUndeliveredMail } from "./invitation-undelivered-mail.ts";

/** Every kind of mail we send, by import: no folder is scanned. */
export const mails = {
  invitation: invitationMail,
  "invitation-reminder": invitationReminderMail,
  "invitation-accepted": invitationAcceptedMail,
  "invitation-declined": invitationDeclinedMail,
  "invitation-expired": invitationExpiredMail,
  "invitation-undelivered": invitationUndeliveredMail,
} as const;

export type MailKind = keyof typeof mails;

export type MailVariables = { [Kind in MailKind]: z.infer<(typeof mails)[Kind]["variables"]> };
