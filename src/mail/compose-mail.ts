import type { SendMailOptions } from "nodemailer";
import type { Settings } from "../config/variables.ts";
import type { LinkKeys } from "../invitations/invitation-link.ts";
import type { ClaimedDelivery } from "./claim-deliveries.ts";
import { findLocale } from "./locales.ts";
import type { MailRenderer, RenderedMail } from "./mail-renderer.ts";
import { cleanDisplayName } from "./present.ts";

export interface MailParts {
  settings: Pick<Settings, "PUBLIC_URL" | "MAIL_FROM">;
  linkKeys: LinkKeys;
  renderer: MailRenderer;
}

/**
 * Composes the email of a delivery. Every attempt has the same link and Message-ID. The envelope and all addresses
 * are objects, never lines to parse, because a line can hold two recipients.
 */
export function composeMail(parts: MailParts, delivery: ClaimedDelivery): SendMailOptions {
  const { name, address } = parts.settings.MAIL_FROM;
  const locale = findLocale(...delivery.locales);
  const product = cleanDisplayName(delivery.product, locale.unnamed.product);
  const sender = cleanDisplayName(delivery.from_name ?? name, product);
  const { subject, html, text } = render(parts, delivery, locale.language);
  return {
    from: { name: withoutEncodedWords(sender), address },
    to: { name: "", address: delivery.email },
    envelope: { from: address, to: [delivery.email] },
    messageId: delivery.message_id,
    ...(delivery.in_reply_to === null
      ? {}
      : { inReplyTo: delivery.in_reply_to, references: delivery.in_reply_to }),
    // RFC 3834: asks for no out-of-office reply.
    headers: { "Auto-Submitted": "auto-generated", ...unsubscribeHeaders(parts, delivery) },
    textEncoding: "quoted-printable",
    subject: withoutEncodedWords(subject),
    html,
    text,
  };
}

/** Breaks up `=?…?=`, which mail programs decode in headers: an address or a link could hide in it. */
function withoutEncodedWords(text: string): string {
  return text.replaceAll("=?", "= ?");
}

/** Lets the mail program show its own unsubscribe button. One click needs https (RFC 8058 §3.1). */
function unsubscribeHeaders(parts: MailParts, delivery: ClaimedDelivery): Record<string, string> {
  const isToInvitee = delivery.kind === "invitation" || delivery.kind === "invitation-reminder";
  if (!isToInvitee || !parts.settings.PUBLIC_URL.startsWith("https:")) return {};
  return {
    "List-Unsubscribe": `<${optOutUrl(parts, delivery)}>`,
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
  };
}

function optOutUrl({ settings, linkKeys }: MailParts, { invitation_id }: ClaimedDelivery): string {
  return `${settings.PUBLIC_URL}/u/${linkKeys.signOptOut(invitation_id)}`;
}

function render(parts: MailParts, delivery: ClaimedDelivery, locale: string): RenderedMail {
  const { renderer, settings, linkKeys } = parts;
  const { product, organization, roles, invited_email: email, invitation_id } = delivery;
  const names = { product, organization };
  switch (delivery.kind) {
    case "invitation":
    case "invitation-reminder": {
      const { kind, inviter, message, expires_at, token_version } = delivery;
      const token = linkKeys.sign({ invitationId: invitation_id, tokenVersion: token_version });
      const accept_url = `${settings.PUBLIC_URL}/i/${token}`;
      const decline_url = `${accept_url}?answer=decline`;
      const links = { accept_url, decline_url, opt_out_url: optOutUrl(parts, delivery) };
      return renderer.render(
        kind,
        { ...names, inviter, email, roles, message, expires_at, ...links },
        locale,
      );
    }
    case "invitation-accepted": {
      const { kind, invitee, accepted_at } = delivery;
      return renderer.render(kind, { ...names, invitee, email, roles, accepted_at }, locale);
    }
    case "invitation-declined": {
      const { kind, invitee, declined_at } = delivery;
      return renderer.render(kind, { ...names, invitee, email, declined_at }, locale);
    }
    case "invitation-expired": {
      const { kind, expires_at, others } = delivery;
      return renderer.render(kind, { ...names, email, expires_at, others }, locale);
    }
    case "invitation-undelivered": {
      const { kind, about } = delivery;
      const { count, failures } = about;
      return renderer.render(kind, { ...names, failures, others: count - failures.length }, locale);
    }
  }
}
