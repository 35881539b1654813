import type { WarnRarely } from "../lib/warn-rarely.ts";
import type { ClaimedDelivery } from "./claim-deliveries.ts";
import { composeMail, type MailParts } from "./compose-mail.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { ADVICE, charged, failed, type Outcome, sent } from "./outcome.ts";
import { loggableReply } from "./replies.ts";
import type { SendingPause, SendingRate } from "./sending-rate.ts";
import type { SmtpConnection } from "./smtp-connection.ts";
import type { Suspicions } from "./suspicions.ts";

/**
 * Milliseconds for a reply. Short until our sender is accepted, because an idle connection may have died silently,
 * but longer for a trial during a pause. After that, the server may have to ask another server.
 */
const TIMEOUTS = { sender: 10_000, recipient: 60_000 };
const TRIAL_TIMEOUTS = { ...TIMEOUTS, sender: 30_000 };

/** Causes that may cost us one connection while others stay connected. */
const OF_CONNECTIONS = ["connections", "connection", "refusal", "busy"];

interface SenderParts {
  parts: MailParts;
  pool: ConnectionPool;
  rate: SendingRate;
  pause: SendingPause;
  suspicions: Suspicions;
  warn: WarnRarely;
  reportError: WarnRarely;
  stopping: () => boolean;
}

/**
 * Creates a function that sends a delivery over a free connection, and learns from the result how the mail server
 * treats us. Its `isTrial` is true if the delivery tests whether a pause is over.
 */
export function createSender(sending: SenderParts) {
  const { parts, pool, rate, pause, suspicions, warn, reportError, stopping } = sending;
  /** Why sending is paused, or was paused last. */
  let obstacle: Outcome | undefined;

  async function attempt(
    connection: SmtpConnection,
    delivery: ClaimedDelivery,
    isTrial: boolean,
  ): Promise<Outcome> {
    const { attempts, ambiguous_attempts } = delivery;
    try {
      const mail = composeMail(parts, delivery);
      const result = await connection.send(mail, isTrial ? TRIAL_TIMEOUTS : TIMEOUTS);
      if ("accepted" in result) return sent(Number.parseInt(result.accepted, 10) || 250, result.accepted);
      return failed(result.failure, attempts, ambiguous_attempts);
    } catch (error) {
      reportError("compose", { err: error, delivery: delivery.id }, "an email can't be composed");
      const neverSent = { command: "", responseCode: null, senderAccepted: false, dataAccepted: false };
      return failed({ code: "ECOMPOSE", reply: String(error), ...neverSent }, attempts, ambiguous_attempts);
    }
  }

  /** @returns the outcome, or undefined if the email should be sent over another connection. */
  function judge(
    outcome: Outcome,
    delivery: ClaimedDelivery,
    connection: SmtpConnection,
    began: number,
  ): Outcome | undefined {
    const { trouble, code, reply } = outcome;
    if (trouble === null) {
      if (outcome.state === "sent") {
        suspicions.accepted(delivery, began);
        rate.accepted();
      }
      pause.end();
      return outcome;
    }
    const { cause, advice, about } = trouble;
    const fields = { smtp_code: code, reply: loggableReply(reply) };
    if (OF_CONNECTIONS.includes(cause) && about !== "doubt" && pool.crowdedOut(connection)) {
      warn("connections", fields, ADVICE.connections);
      return undefined;
    }
    warn(cause, fields, advice);
    if (cause === "rate") rate.slowDown();
    const inDoubt = about === "doubt";
    const known = about === "server" ? undefined : suspicions.refused(delivery, began, inDoubt);
    // If a refusal is about us, the operator may fix that, and then the email can leave. Only a doubtful one can be final.
    if (known !== undefined) return charged(outcome, delivery.attempts, inDoubt && known === "own");
    obstacle = outcome;
    // Refused again: the server may have new rules but apply the old ones to open connections, as Postfix does.
    if (pause.active() && connection.connected()) pool.renew(connection);
    pause.begin(began);
    return outcome;
  }

  return async (delivery: ClaimedDelivery, isTrial: boolean): Promise<Outcome> => {
    for (;;) {
      const outcome = await pool.use(async (connection) => {
        // A pause may have begun while this waited for a connection.
        if (obstacle !== undefined && pause.active() && !isTrial) return obstacle;
        const began = performance.now();
        const met = await attempt(connection, delivery, isTrial);
        return stopping() ? met : judge(met, delivery, connection, began);
      });
      if (outcome !== undefined) return outcome;
    }
  };
}
