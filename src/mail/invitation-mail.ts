import { defineMail } from "./define-mail.ts";
import { invitationLetter } from "./invitation-letter.ts";

/** To the invitee: who invites, to what, as what, until when, and the links. */
export const invitationMail = defineMail({ kind: "invitation", ...invitationLetter });
