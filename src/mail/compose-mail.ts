import type { SendMailOptions } from "nodemailer";
import type { Settings } from "../config.ts";
import type { LinkKeys } from "../invitations/invitation-link.ts";
import type { ClaimedDelivery } from "./claim-deliveries.ts";
import { cleanDisplayName } from "./clean-display-name.ts";
import { findLocale } from "./locales.ts";
import type { MailRenderer, RenderedMail } from "./mail-renderer.ts";

export interface MailParts {
  settings: Pick<Settings, "PUBLIC_URL" | "MAIL_FROM">;
  linkKeys: LinkKeys;
  renderer: MailRenderer;
}

/**
 * The mail of a delivery, the same at every attempt: same link, same Message-ID. The envelope and every address are
 * given as parts, never as a line to be parsed: a line can hold two recipients.
 */
export function composeMail(parts: MailParts, delivery: ClaimedDelivery): SendMailOptions {
  const { name, address } = parts.settings.MAIL_FROM;
  const product = cleanDisplayName(delivery.product, findLocale(delivery.locale).unnamed.product);
  const sender = cleanDisplayName(delivery.from_name ?? name, product);
  const { subject, html, text } = render(parts, delivery);
  return {
    from: { name: withoutEncodedWords(sender), address },
    to: { name: "", address: delivery.email },
    envelope: { from: address, to: [delivery.email] },
    messageId: delivery.message_id,
    // RFC 3834: no out-of-office reply wanted.
    headers: { "Auto-Submitted": "auto-generated" },
    textEncoding: "quoted-printable",
    subject: withoutEncodedWords(subject),
    html,
    text,
  };
}

/** In a header `=?…?=` is decoded by who reads it, so that an address or a link can hide in what looks clean. */
function withoutEncodedWords(text: string): string {
  return text.replaceAll("=?", "= ?");
}

function render({ renderer, settings, linkKeys }: MailParts, delivery: ClaimedDelivery): RenderedMail {
  const { locale, product, organization, roles, invited_email: email, invitee } = delivery;
  const answered = { product, organization, roles, email, invitee };
  switch (delivery.kind) {
    case "invitation": {
      const token = linkKeys.sign({
        invitationId: delivery.invitation_id,
        tokenVersion: delivery.token_version,
      });
      const accept_url = `${settings.PUBLIC_URL}/i/${token}`;
      const { inviter, message, expires_at } = delivery;
      const variables = { product, organization, roles, email, inviter, message, expires_at };
      return renderer.render(
        "invitation",
        { ...variables, accept_url, decline_url: `${accept_url}?answer=decline` },
        locale,
      );
    }
    case "invitation-accepted":
      return renderer.render(
        "invitation-accepted",
        { ...answered, accepted_at: delivery.accepted_at ?? new Date() },
        locale,
      );
    case "invitation-declined":
      return renderer.render(
        "invitation-declined",
        { ...answered, declined_at: delivery.declined_at ?? new Date() },
        locale,
      );
  }
}
