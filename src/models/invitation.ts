import type { Knex } from "knex";
import { type QueryBuilder, raw } from "objection";
import { BaseModel } from "./base-model.ts";
import type { DeliveryState } from "./mail-delivery.ts";

export const INVITATION_STATUSES = ["pending", "accepted", "declined", "revoked", "expired"] as const;
export type InvitationStatus = (typeof INVITATION_STATUSES)[number];

/**
 * Why an answer to an invitation is believed: a link of this version, mailed to the invited address; or a user whose
 * right to answer has been established, by a verified address equal to the invited one or by a program that names the
 * user of that address.
 */
export type Proof = { by: "link"; tokenVersion: number } | { by: "user"; userId: string };

/** The database's time of the write, not of the transaction's start. */
const NOW = raw("clock_timestamp()");

const TIMES = [
  "expires_at",
  "accepted_at",
  "declined_at",
  "revoked_at",
  "expired_at",
  "created_at",
  "updated_at",
] as const;

const COLUMNS = [
  "id",
  "environment_id",
  "organization_id",
  "email",
  "email_canonical",
  "first_name",
  "last_name",
  "inviter_user_id",
  "message",
  "locale",
  "accepted_by_user_id",
  "revoked_by_user_id",
  ...TIMES,
];

export class Invitation extends BaseModel {
  static override tableName = "invitations";
  /** SQL of the status as of now: an overdue invitation has expired, even if the schedule hasn't recorded it. */
  static readonly STATUS_NOW =
    "case when status = 'pending' and expires_at <= now() then 'expired' else status end";

  declare organization_id: string;
  declare email: string;
  declare email_canonical: string;
  /** What the inviter calls the person. */
  declare first_name: string | null;
  declare last_name: string | null;
  declare status: InvitationStatus;
  declare inviter_user_id: string | null;
  declare message: string | null;
  declare locale: string | null;
  declare metadata: Record<string, unknown>;
  declare token_version: number;
  declare expires_at: Date;
  declare accepted_at: Date | null;
  declare accepted_by_user_id: string | null;
  declare declined_at: Date | null;
  declare revoked_at: Date | null;
  declare revoked_by_user_id: string | null;
  declare expired_at: Date | null;
  /** When the suppression of its address was last lifted. */
  declare opt_out_lifted_at: Date | null;
  /** Selected by `withSummary`. */
  declare role_ids?: string[];
  declare delivery_state?: DeliveryState | null;

  static override modifiers = {
    /** Selects the status as of now, because the schedule may record an expiry late. */
    asOfNow(query: QueryBuilder<Invitation>) {
      void query.select("invitations.*", raw(`${Invitation.STATUS_NOW} as status`));
    },
    /** Does the same without `metadata`, which only a request that shows it reads. */
    asListed(query: QueryBuilder<Invitation>) {
      void query.select(COLUMNS.map((column) => `invitations.${column}`));
      void query.select(raw(`${Invitation.STATUS_NOW} as status`));
    },
    /** Adds what the API shows beside the row: role ids, and the state of the newest email. */
    withSummary(query: QueryBuilder<Invitation>) {
      void query.select(
        raw(
          "array(select role_id from invitation_roles where invitation_id = invitations.id order by 1) as role_ids",
        ),
        raw(`(select state from mail_deliveries where invitation_id = invitations.id and kind = 'invitation'
              order by seq desc limit 1) as delivery_state`),
      );
    },
  };

  /** Makes an invitation from a row as JSON, where times are text. */
  static fromJsonRow(row: object): Invitation {
    const invitation = new Invitation().$setDatabaseJson(row);
    for (const column of TIMES) {
      const time = invitation[column];
      if (time !== null) invitation.$set({ [column]: new Date(time) });
    }
    return invitation;
  }

  /**
   * Changes a pending invitation that has not expired. A guarded write: of any number of simultaneous calls, one gets
   * the row.
   * @returns undefined if it is closed.
   */
  static async change(
    trx: Knex.Transaction,
    id: string,
    columns: Partial<Record<"token_version" | "expires_at" | "locale" | "inviter_user_id", unknown>>,
  ): Promise<Invitation | undefined> {
    const [changed] = await Invitation.query(trx)
      .patch(columns as object)
      .where({ id, status: "pending" })
      .where("expires_at", ">", NOW)
      .returning("*")
      .castTo<Invitation[]>();
    return changed;
  }

  /**
   * Reopens an expired invitation under a new link. An inviter who could no longer send it is replaced.
   * @param inviterId the user who replaces them; null for a program.
   * @returns undefined if it hasn't expired.
   */
  static async revive(
    trx: Knex.Transaction,
    id: string,
    expires_at: Date,
    inviterId: string | null,
  ): Promise<Invitation | undefined> {
    const inviter =
      "case when inviter_may_send(inviter_user_id, organization_id, id) then inviter_user_id else ? end";
    const revival = {
      status: "pending",
      expired_at: null,
      expires_at,
      token_version: raw("token_version + 1"),
      inviter_user_id: raw(inviter, [inviterId]),
    };
    const [revived] = await Invitation.query(trx)
      .patch(revival as object)
      .where({ id })
      // An overdue invitation has expired, even if the schedule hasn't recorded it.
      .whereIn("status", ["expired", "pending"])
      .where("expires_at", "<=", NOW)
      .returning("*")
      .castTo<Invitation[]>();
    return revived;
  }
}
