import type { SendMailOptions } from "nodemailer";
import type { Settings } from "../config/variables.ts";
import type { LinkKeys } from "../invitations/invitation-link.ts";
import type { ClaimedDelivery } from "./claim-deliveries.ts";
import { cleanDisplayName } from "./clean-display-name.ts";
import type { RenderedMail } from "./fill-mail.ts";
import { findLocale } from "./locales.ts";
import type { MailRenderer } from "./mail-renderer.ts";

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
    // RFC 3834: no out-of-office reply wanted.
    headers: { "Auto-Submitted": "auto-generated", ...unsubscribeHeaders(parts, delivery) },
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

/** So that the mail program shows a button of its own. One click is for https alone (RFC 8058 §3.1). */
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
  const { product, organization, roles, invited_email: email, invitee } = delivery;
  const answered = { product, organization, roles, email, invitee };
  switch (delivery.kind) {
    case "invitation":
    case "invitation-reminder": {
      const token = linkKeys.sign({
        invitationId: delivery.invitation_id,
        tokenVersion: delivery.token_version,
      });
      const accept_url = `${settings.PUBLIC_URL}/i/${token}`;
      const opt_out_url = optOutUrl(parts, delivery);
      const { kind, inviter, message, expires_at } = delivery;
      const variables = { product, organization, roles, email, inviter, message, expires_at };
      const links = { accept_url, decline_url: `${accept_url}?answer=decline`, opt_out_url };
      return renderer.render(kind, { ...variables, ...links }, locale);
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
    case "invitation-expired": {
      const expired = {
        product,
        organization,
        email,
        expired_at: delivery.expires_at,
        others: delivery.others ?? 0,
      };
      return renderer.render("invitation-expired", expired, locale);
    }
    case "invitation-undelivered": {
      const { count = 0, failures = [] } = delivery.about ?? {};
      const others = count - failures.length;
      return renderer.render("invitation-undelivered", { product, organization, failures, others }, locale);
    }
  }
}
