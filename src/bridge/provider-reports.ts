import { z } from "zod";
import { findResource } from "../billing/find-resource.ts";
import { reportPayment } from "../billing/report-payment.ts";
import { reportSubscription } from "../billing/report-subscription.ts";
import { payments } from "../billing/resource-kinds.ts";
import { forbidden } from "../errors.ts";
import { text } from "../http/attributes.ts";
import { type EndpointRequest, endpoint } from "../http/endpoint.ts";
import { inPath, showing, shows } from "./bridge-resource.ts";
import { fields } from "./fields.ts";
import { reachIn } from "./owner-in.ts";
import { paymentResource } from "./payment-resource.ts";
import { paymentStatuses } from "./shapes/payment-shape.ts";
import { subscriptionStatuses } from "./shapes/subscription-shape.ts";
import { subscriptionResource } from "./subscription-resource.ts";

const time = z.iso.datetime({ offset: true, error: "must be a time such as 2026-01-31T00:00:00Z" });
const subscriptionReport = z.strictObject({
  status: z.enum(subscriptionStatuses),
  provider_subscription_id: text(200).optional(),
  current_period_start: time.optional(),
  current_period_end: time.optional(),
});
const paymentReport = z.strictObject({
  status: z.enum(paymentStatuses),
  provider_payment_id: text(200).optional(),
  failure_reason: text(500).optional(),
});
const reading = fields(paymentReport);

/** The seam for whoever takes the money: what a provider says of a record, told by a program of the team's own. */
export const providerReportEndpoints = [
  endpoint({
    method: "POST",
    path: "/bridge-payment/subscriptions/:id/sync",
    summary: "Report what a payment provider says of a subscription.",
    who: "program",
    scope: "subscriptions:write",
    limit: "write",
    body: fields(subscriptionReport),
    answers: shows(subscriptionResource),
    async handle(request) {
      const { context, body, actor } = request;
      const subscription = await reportSubscription(context, anybodys(request), body, actor);
      return showing(subscriptionResource, request, subscription);
    },
  }),
  endpoint({
    method: "POST",
    path: "/bridge-payment/payments/intents/:id/sync",
    summary: "See what is recorded of a payment; a program reports by it what the payment provider says.",
    who: "caller",
    scope: "payments:write",
    limit: "write",
    body: {
      ...reading,
      read: (document, params) => (document === undefined ? undefined : reading.read(document, params)),
    },
    organization: inPath,
    permission: payments.manage,
    personal: true,
    answers: shows(paymentResource),
    async handle(request) {
      const { context, body, actor, caller } = request;
      if (body === undefined) return showing(paymentResource, request, await findPayment(request));
      if (caller.kind === "user")
        throw forbidden("program_only", "What a provider says is told by a program: leave the body out.");
      return showing(paymentResource, request, await reportPayment(context, anybodys(request), body, actor));
    },
  }),
];

function anybodys({ params, environment }: Pick<EndpointRequest, "params" | "environment">) {
  return { id: params.id ?? "", environment_id: environment.environment_id };
}

function findPayment(request: EndpointRequest) {
  return findResource(request.context.db, payments, { id: request.params.id ?? "", owner: reachIn(request) });
}
