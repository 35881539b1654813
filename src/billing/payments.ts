import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, invalid } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { type Payment, type PaymentStatus, PENDING_PAYMENT } from "../models/shared-resources.ts";
import { completePrice, type GivenAmounts } from "./amounts.ts";
import { createResource } from "./create-resource.ts";
import { type Columns, lockResource, type Owner, type ResourceKey } from "./owned-resources.ts";
import { payments } from "./resource-kinds.ts";
import { updateResource, writeResource } from "./update-resource.ts";

/**
 * Records the intent to pay. No money moves: it waits for a payment method or for confirmation.
 * @throws what `createResource` throws, 422 for amounts that disagree or add up to nothing.
 */
export async function createPayment(
  context: Pick<Context, "db">,
  owner: Owner,
  payment: Omit<Columns<Payment>, keyof GivenAmounts> & GivenAmounts,
  actor: Actor,
): Promise<Payment> {
  const { subtotal_cents, tax_cents, discount_cents, total_cents, ...columns } = payment;
  const amounts = completePrice({ subtotal_cents, tax_cents, discount_cents, total_cents });
  const status = columns.payment_method_id == null ? "requires_payment_method" : "requires_confirmation";
  return createResource(context, payments, owner, { ...columns, ...amounts, status }, actor);
}

/**
 * Changes a payment intent that has not been confirmed. With a new total, tax and discount stay and the subtotal follows.
 * @throws what `updateResource` throws, 409 once it is confirmed, 422.
 */
export function updatePayment(
  context: Pick<Context, "db">,
  key: ResourceKey,
  { total_cents, ...change }: Omit<Columns<Payment>, "total_cents"> & { total_cents?: number | undefined },
  actor: Actor,
): Promise<Payment> {
  const columns = (payment: Payment) => {
    requirePending(payment);
    const { tax_cents, discount_cents } = payment;
    return total_cents === undefined
      ? change
      : { ...change, ...completePrice({ tax_cents, discount_cents, total_cents }) };
  };
  return updateResource(context, payments, key, { columns }, actor);
}

/**
 * Confirms a payment intent. It is then `processing` until the system that collects the money reports the outcome with
 * `reportPayment`; nothing here assumes it.
 * @throws what `updateResource` throws, 409 for one that is not pending, 422 without a payment method of the owner's.
 */
export function confirmPayment(
  context: Pick<Context, "db">,
  key: ResourceKey,
  change: Pick<Columns<Payment>, "payment_method_id" | "return_url" | "setup_future_usage">,
  actor: Actor,
): Promise<Payment> {
  const columns = (payment: Payment): Columns<Payment> => {
    requirePending(payment);
    const payment_method_id = change.payment_method_id ?? payment.payment_method_id;
    if (payment_method_id === null)
      throw invalid("payment_method_missing", "payment_method_id: is required.", "/payment_method_id");
    // Written even when unchanged, so that the link is checked again: its organization may have been deleted.
    return { ...change, payment_method_id, status: "processing", confirmed_at: raw("now()") };
  };
  return updateResource(context, payments, key, { columns, event: "payment.confirmed" }, actor);
}

function requirePending({ status }: Payment): void {
  if (PENDING_PAYMENT.some((pending) => pending === status)) return;
  throw conflict("payment_not_pending", `The payment is ${status}. Only a pending payment can be changed.`);
}

export interface PaymentReport {
  status: PaymentStatus;
  provider_payment_id?: string | undefined;
  failure_reason?: string | undefined;
}

const OUTCOMES: PaymentStatus[] = ["succeeded", "failed", "canceled"];

/** By status, those that may follow. Reporting the same status again changes only `synced_at` and records no event. */
const NEXT: Record<PaymentStatus, PaymentStatus[]> = {
  requires_payment_method: ["requires_confirmation", "requires_action", "processing", ...OUTCOMES],
  requires_confirmation: ["requires_payment_method", "requires_action", "processing", ...OUTCOMES],
  requires_action: ["requires_payment_method", "requires_confirmation", "processing", ...OUTCOMES],
  processing: ["requires_payment_method", "requires_action", ...OUTCOMES],
  succeeded: ["refunded"],
  failed: [],
  canceled: [],
  refunded: [],
};

/**
 * Records a payment provider's report on a payment.
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
      throw conflict("status_conflict", `The payment is ${before.status} and can't become ${report.status}.`);
    const end = isNews && OUTCOMES.includes(report.status) ? { completed_at: raw("now()") } : {};
    const columns = { ...report, ...end, synced_at: raw("now()") };
    const payment = await writeResource(trx, payments, id, columns);
    const data = { from: before.status, to: report.status };
    if (Object.entries(report).some(([column, value]) => Reflect.get(before, column) !== value))
      await recordEvent(trx, actor, "payment.reported", before, data);
    return payment;
  });
}
