import { defineMail } from "./define-mail.ts";
import { invitationLetter } from "./invitation-letter.ts";

/** To the invitee who has not answered yet: the same invitation, with the same links, is still open. */
export const invitationReminderMail = defineMail({ kind: "invitation-reminder", ...invitationLetter });
