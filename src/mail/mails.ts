import { z } from "zod";
import type { MailKind } from "../models/mail-delivery.ts";
import type { Locale } from "./locales.ts";
import { cleanDisplayName, firstCharacter, presentRoles, quoteMessage } from "./present.ts";
import { FAILURE_CAUSES } from "./replies.ts";

/** Values to fill a template with. The renderer adds `subject`. */
export type MailValues = Record<string, string | string[] | Array<Record<string, string>> | null>;

/** A kind of email, apart from its templates. */
interface Definition<Schema extends z.ZodObject> {
  /** The variables that the caller must provide. A missing or invalid one throws. */
  variables: Schema;
  /** Realistic variables for tests and previews. They are also rendered when a process starts, so that a broken template shows. */
  sample: z.infer<Schema>;
  /** Turns variables into values for the reader: clean names, times and lists in their language. */
  present(variables: z.infer<Schema>, locale: Locale): MailValues;
}

function defineMail<Kind extends MailKind, Schema extends z.ZodObject>(
  kind: Kind,
  { variables, sample, present }: Definition<Schema>,
) {
  const values = (given: unknown, locale: Locale) => present(variables.parse(given), locale);
  return { kind, variables, sample, values };
}

/** The target of a button. Its scheme must not be one that runs in a browser. */
const link = z.url({ protocol: /^https?$/ });

/** An address that was validated before it was stored. This only makes sure that it isn't two addresses, or a second header line. */
const address = z.string().regex(/^[^\s<>,;"]+@[^\s<>,;"]+$/u);

const names = { product: z.string(), organization: z.string() };
const sampleNames = { product: "Acme", organization: "Analytical Engines" };
const sampleAnswer = { ...sampleNames, invitee: "Grace Hopper", email: "grace@example.com" };

function presentNames({ product, organization }: { product: string; organization: string }, locale: Locale) {
  return {
    product: cleanDisplayName(product, locale.unnamed.product),
    organization: cleanDisplayName(organization, locale.unnamed.organization),
  };
}

/** To the invitee: the inviter, the organization, the roles, the deadline and the links. */
const invitation = defineMail("invitation", {
  variables: z.object({
    ...names,
    inviter: z.string().nullable(),
    email: address,
    roles: z.array(z.string()),
    message: z.string().nullable(),
    expires_at: z.date(),
    accept_url: link,
    decline_url: link,
    opt_out_url: link,
  }),
  sample: {
    ...sampleNames,
    inviter: "Ada Lovelace",
    email: "grace@example.com",
    roles: ["admin", "billing"],
    message: "Hello Grace,\n\nthe compiler needs you. Will you look after it with us?",
    expires_at: new Date("2026-11-28T18:40:00Z"),
    accept_url: "https://app.example/i/sample",
    decline_url: "https://app.example/i/sample?answer=decline",
    opt_out_url: "https://app.example/u/sample",
  },
  present({ inviter, roles, message, expires_at, ...given }, locale) {
    const { product, organization } = presentNames(given, locale);
    return {
      ...given,
      product,
      organization,
      initial: firstCharacter(organization),
      inviter: inviter === null ? null : cleanDisplayName(inviter, locale.unnamed.inviter),
      roles: presentRoles(roles, locale),
      // Only programs can invite an owner, so there is no inviter.
      owner: inviter === null && roles.includes("owner") ? "owner" : null,
      message: quoteMessage(message),
      expires: locale.formatTime(expires_at),
    };
  },
});

/** To the inviter: the invitee accepted. Without a name, the invitee is called by the invited address. */
const accepted = defineMail("invitation-accepted", {
  variables: z.object({
    ...names,
    invitee: z.string().nullable(),
    email: address,
    roles: z.array(z.string()),
    accepted_at: z.date(),
  }),
  sample: { ...sampleAnswer, roles: ["admin", "billing"], accepted_at: new Date("2026-11-22T09:15:00Z") },
  present: ({ invitee, email, roles, accepted_at, ...given }, locale) => ({
    ...presentNames(given, locale),
    invitee: cleanDisplayName(invitee ?? "", email),
    email,
    roles: presentRoles(roles, locale),
    accepted: locale.formatTime(accepted_at),
  }),
});

/** To the inviter: the invitee declined. Without a name, the invitee is called by the invited address. */
const declined = defineMail("invitation-declined", {
  variables: z.object({ ...names, invitee: z.string().nullable(), email: address, declined_at: z.date() }),
  sample: { ...sampleAnswer, declined_at: new Date("2026-11-22T09:15:00Z") },
  present: ({ invitee, email, declined_at, ...given }, locale) => ({
    ...presentNames(given, locale),
    invitee: cleanDisplayName(invitee ?? "", email),
    email,
    declined: locale.formatTime(declined_at),
  }),
});

/** To the inviter: an invitation expired unanswered. `others` is the number of further ones that expired at the same time. */
const expired = defineMail("invitation-expired", {
  variables: z.object({ ...names, email: address, expires_at: z.date(), others: z.int().min(0) }),
  sample: {
    ...sampleNames,
    email: "grace@example.com",
    expires_at: new Date("2026-11-28T18:40:00Z"),
    others: 3,
  },
  present: ({ email, expires_at, others, ...given }, locale) => ({
    ...presentNames(given, locale),
    email,
    expired: locale.formatTime(expires_at),
    others: others > 0 ? locale.formatNumber(others) : null,
  }),
});

/** To the inviter: invitations could not be delivered, and why. `others` is the number of failures that it doesn't list. */
const undelivered = defineMail("invitation-undelivered", {
  variables: z.object({
    ...names,
    failures: z.array(z.object({ email: address, cause: z.enum(FAILURE_CAUSES) })).min(1),
    others: z.int().min(0),
  }),
  sample: {
    ...sampleNames,
    failures: [
      { email: "grace@example.com", cause: "mailbox_missing" },
      { email: "mary@example.com", cause: "mailbox_full" },
    ],
    others: 3,
  },
  present: ({ failures, others, ...given }, locale) => ({
    ...presentNames(given, locale),
    email: failures[0]?.email ?? "",
    failures: failures.map(({ email, cause }) => ({
      email,
      reason: locale.mails["invitation-undelivered"]?.[cause] ?? cause,
    })),
    others: others > 0 ? locale.formatNumber(others) : null,
  }),
});

/**
 * Every kind of email. Each has `templates/<kind>.mjml`, its plain-text twin `templates/<kind>.txt` and, in every
 * locale, the texts `mails.<kind>`, of which `subject` and `preview` are required.
 */
export const mails = {
  invitation,
  /** To an invitee who has not answered: the same invitation, with the same links, is still open. */
  "invitation-reminder": { ...invitation, kind: "invitation-reminder" },
  "invitation-accepted": accepted,
  "invitation-declined": declined,
  "invitation-expired": expired,
  "invitation-undelivered": undelivered,
} as const satisfies Record<MailKind, unknown>;

export type MailVariables = { [Kind in MailKind]: z.infer<(typeof mails)[Kind]["variables"]> };
