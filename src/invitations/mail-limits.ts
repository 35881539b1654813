import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { conflict, forbidden, type Refusal, tooSoon } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { Invitation } from "../models/invitation.ts";
import { quotaSql } from "../models/quotas.ts";

/** How often one invitation can be sent. */
const EMAILS_PER_INVITATION = 10;
/** Seconds between two emails of one invitation. */
const COOLDOWN = 60;

/** The limit that keeps an email from being sent. */
export interface SendingLimit {
  code: "inviting_paused" | "recipient_limit" | "inviter_limit" | "pending_limit";
  /** Seconds until it passes; null if waiting doesn't help. */
  wait: number | null;
}

/**
 * Makes the SQL of a table with the first limit that is reached, or no row. It is the one place that checks an
 * invitation's email, whether the first or a later one. It waits for other emails that are being written to the address,
 * so the organization must be locked before (migration 0015).
 * @param settings SQL of the environment's settings.
 * @param isNew whether there will be one more pending invitation.
 */
export function sendingLimitSql(
  {
    environment,
    organization,
    address,
    user,
  }: Record<"environment" | "organization" | "address" | "user", string>,
  settings: string,
  { isNew }: { isNew: boolean },
): string {
  // These quotas don't bind programs.
  const ofPeople = (name: Parameters<typeof quotaSql>[1]) =>
    `case when ${user} is not null then ${quotaSql(settings, name)} end`;
  return `sending_limit_now(${environment}, ${organization}, ${address}, ${user},
    ${quotaSql(settings, "emails_per_recipient")}, ${ofPeople("invitations_per_user")},
    ${isNew ? ofPeople("pending_per_organization") : "null"})`;
}

const findLimit = limitStatement("find-sending-limit", { isNew: false });
const findLimitOfNew = limitStatement("find-sending-limit-of-new", { isNew: true });

/** An email that someone wants to send for an invitation. */
interface Sending extends Pick<Invitation, "environment_id" | "organization_id" | "email_canonical"> {
  kind: Actor["kind"];
  user_id: string | null;
  /** Null when there is no invitation yet. */
  invitation_id: string | null;
  /** Seconds between two emails of one invitation. */
  cooldown: number;
}

function limitStatement(name: string, { isNew }: { isNew: boolean }) {
  return statement<Partial<SendingLimit> & { cool_in: number | null }, Sending>(
    name,
    {
      environment_id: "text",
      organization_id: "text",
      email_canonical: "text",
      user_id: "text",
      invitation_id: "text",
      cooldown: "int",
      kind: "text",
    },
    `
  select l.code, l.wait, (
    select ceil(extract(epoch from max(created_at) + make_interval(secs => :cooldown) - now()))::int
    from mail_deliveries where invitation_id = :invitation_id and kind = 'invitation'
  ) as cool_in
  from environments e left join lateral (
    select * from ${sendingLimitSql({ environment: ":environment_id", organization: ":organization_id", address: ":email_canonical", user: ":user_id" }, "e.settings", { isNew })}
    where :kind <> 'operator'
  ) l on true
  where e.id = :environment_id`,
  );
}

/**
 * Refuses to send an invitation again if that exceeds a limit. The result is final only with the organization locked: of
 * two simultaneous requests the second then sees the first. Only the cooldown binds the operator. An expired invitation
 * also counts as one more pending.
 * @throws 429 with `Retry-After`, 409 if the invitation was sent too often.
 */
export async function requireMailAllowed(
  db: Knex,
  { id, environment_id, organization_id, email_canonical, token_version, status }: Invitation,
  actor: Pick<Actor, "kind" | "user_id">,
): Promise<void> {
  const { kind, user_id } = actor;
  const where = { environment_id, organization_id, email_canonical };
  const find = status === "expired" ? findLimitOfNew : findLimit;
  const [{ cool_in = null, code, wait = null } = {}] = await find(db, {
    ...where,
    kind,
    user_id,
    invitation_id: id,
    cooldown: COOLDOWN,
  });
  if (cool_in !== null && cool_in > 0)
    throw tooSoon(
      "resend_too_soon",
      `The invitation was sent a moment ago. Try again in ${cool_in} s.`,
      cool_in,
    );
  if (actor.kind === "operator") return;
  if (token_version >= EMAILS_PER_INVITATION)
    throw conflict(
      "resend_limit",
      `The invitation was sent ${EMAILS_PER_INVITATION} times. Revoke it unless it has expired, and invite the address again later.`,
    );
  if (code != null) throw limitReached({ code, wait });
}

/**
 * Refuses to make someone a member directly if the actor could not email them an invitation.
 * @throws 429.
 */
export async function requireInvitingAllowed(
  db: Knex,
  where: { environment_id: string; organization_id: string; email_canonical: string },
  { user_id, kind }: Pick<Actor, "kind" | "user_id">,
): Promise<void> {
  const [{ code, wait = null } = {}] = await findLimit(db, {
    ...where,
    kind,
    user_id,
    invitation_id: null,
    cooldown: COOLDOWN,
  });
  if (code != null) throw limitReached({ code, wait });
}

/** Makes the refusal for a limit. */
export function limitReached({ code, wait }: SendingLimit): Refusal {
  switch (code) {
    case "inviting_paused":
      return tooSoon(
        "inviting_paused",
        "You can't invite or add anyone at the moment, because an invitation of yours was reported as spam or the operator paused you. Try again later, or ask the operator.",
        wait ?? 0,
      );
    case "recipient_limit":
      return tooSoon(
        "recipient_limit",
        "The address has been sent too many invitations in the last 24 hours. Try again later.",
        wait ?? 0,
      );
    case "inviter_limit":
      return tooSoon(
        "inviter_limit",
        "You have sent as many invitations as you may in 24 hours. Try again later, or ask the operator to raise the limit.",
        wait ?? 0,
      );
    case "pending_limit":
      return forbidden(
        "pending_limit",
        "The organization has as many pending invitations as it may. Revoke some, or ask the operator to raise the limit.",
      );
  }
}
