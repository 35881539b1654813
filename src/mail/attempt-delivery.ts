import type { WarnRarely } from "../lib/warn-rarely.ts";
import type { ClaimedDelivery } from "./claim-deliveries.ts";
import { composeMail, type MailParts } from "./compose-mail.ts";
import { failed, type Outcome, sent } from "./outcome.ts";
import type { Patience, SmtpLane } from "./smtp-lane.ts";

/** Composes an email and hands it to the mail server once. @returns what became of it, also where it can't be composed. */
export async function attemptDelivery(
  parts: MailParts,
  { lane, delivery, patience }: { lane: SmtpLane; delivery: ClaimedDelivery; patience: Patience },
  report: WarnRarely,
): Promise<Outcome> {
  const { attempts, ambiguous_attempts } = delivery;
  try {
    const result = await lane.send(composeMail(parts, delivery), patience);
    if ("accepted" in result) return sent(Number.parseInt(result.accepted, 10) || 250, result.accepted);
    return failed(result.failure, attempts, ambiguous_attempts);
  } catch (error) {
    report("compose", { err: error, delivery: delivery.id }, "an email can't be composed");
    const failure = {
      code: "ECOMPOSE",
      command: "",
      responseCode: null,
      reply: String(error),
      senderAccepted: false,
      dataAccepted: false,
    };
    return failed(failure, attempts, ambiguous_attempts);
  }
}
