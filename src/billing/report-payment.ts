import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import type { Payment, PaymentStatus } from "../models/shared-resources.ts";
import { lockResource } from "./find-resource.ts";
import { payments } from "./resource-kinds.ts";

export interface PaymentReport {
  status: PaymentStatus;
  provider_payment_id?: string | undefined;
  failure_reason?: string | undefined;
}

/** By what a payment is, what it may become. Reporting the same again changes nothing but `synced_at`, and is no event. */
const NEXT: Record<PaymentStatus, PaymentStatus[]> = {
  requires_payment_method: [
    "requires_confirmation",
    "requires_action",
    "processing",
    "succeeded",
    "failed",
    "canceled",
  ],
  requires_confirmation: [
    "requires_payment_method",
    "requires_action",
    "processing",
    "succeeded",
    "failed",
    "canceled",
  ],
  requires_action: [
    "requires_payment_method",
    "requires_confirmation",
    "processing",
    "succeeded",
    "failed",
    "canceled",
  ],
  processing: ["requires_payment_method", "requires_action", "succeeded", "failed", "canceled"],
  succeeded: ["refunded"],
  failed: [],
  canceled: [],
  refunded: [],
};

const OVER: PaymentStatus[] = ["succeeded", "failed", "canceled"];

/**
 * Records a provider's word on a payment: the seam for whoever takes the money.
 * @throws 404, 409 for a status that can't follow, such as any after `failed`.
 */
export function reportPayment(
  { db }: Pick<Context, "db">,
  { id, environment_id }: { id: string; environment_id: string },
  report: PaymentReport,
  actor: Actor,
): Promise<Payment> {
  return transaction(db, async (trx) => {
    const before = await lockResource(trx, payments, { id, owner: { environment_id } });
    const isNews = before.status !== report.status;
    if (isNews && !NEXT[before.status].includes(report.status))
      throw conflict("status_conflict", `The payment is ${before.status}: it can't become ${report.status}.`);
    const [payment] = await trx("payments")
      .where({ id })
      .update({
        ...report,
        synced_at: trx.fn.now(),
        updated_at: trx.fn.now(),
        ...(isNews && OVER.includes(report.status) ? { completed_at: trx.fn.now() } : {}),
      })
      .returning("*");
    const { organization_id } = before;
    const data = { from: before.status, to: report.status };
    if (Object.entries(report).some(([column, value]) => Reflect.get(before, column) !== value))
      await recordEvents(trx, actor, [
        { type: "payment.reported", environment_id, organization_id, subject_id: id, data },
      ]);
    return payment;
  });
}
