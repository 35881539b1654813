import type { WarnRarely } from "../lib/warn-rarely.ts";
import type { ClaimedDelivery } from "./claim-deliveries.ts";
import { ADVICE, charged, type Outcome } from "./outcome.ts";
import type { Pace } from "./pace.ts";
import type { Rest } from "./rest.ts";
import type { SmtpLane } from "./smtp-lane.ts";
import type { SmtpLanes } from "./smtp-lanes.ts";
import { loggableReply } from "./storable-reply.ts";
import type { Suspicions } from "./suspicions.ts";

/** Causes for which a lane may have lost its connection while others keep theirs. */
const OF_CONNECTIONS = ["connections", "connection", "refusal", "busy"];

export interface AttemptJudge {
  /** Why the lanes rest, or rested last. */
  obstacle(): Outcome | undefined;
  /**
   * Draws from an attempt what it says about the mail server and about everything we send.
   * @param began when the attempt did, in milliseconds of `performance.now()`.
   * @returns what became of the email; undefined when it only takes one of the other lanes.
   */
  judge(outcome: Outcome, delivery: ClaimedDelivery, lane: SmtpLane, began: number): Outcome | undefined;
}

interface Means {
  lanes: SmtpLanes;
  rest: Rest;
  pace: Pace;
  suspicions: Suspicions;
  warn: WarnRarely;
}

export function createAttemptJudge({ lanes, rest, pace, suspicions, warn }: Means): AttemptJudge {
  let obstacle: Outcome | undefined;
  return {
    obstacle: () => obstacle,
    judge(outcome, delivery, lane, began) {
      const { trouble, code, reply } = outcome;
      if (trouble === null) {
        if (outcome.state === "sent") {
          suspicions.accepted(delivery, began);
          pace.accepted();
        }
        rest.end();
        return outcome;
      }
      const { cause, advice, about } = trouble;
      const said = { smtp_code: code, reply: loggableReply(reply) };
      if (OF_CONNECTIONS.includes(cause) && about !== "doubt" && lanes.crowdedOut(lane)) {
        warn("connections", said, ADVICE.connections);
        return undefined;
      }
      warn(cause, said, advice);
      if (cause === "rate") pace.slowDown();
      const doubt = about === "doubt";
      const known = about === "server" ? undefined : suspicions.refused(delivery, began, doubt);
      // What is about us may be mended: then it leaves.
      if (known !== undefined) return charged(outcome, delivery.attempts, doubt && known === "own");
      obstacle = outcome;
      // Refused again: the server may have new rules, and judge this connection by the old ones.
      if (rest.resting() && lane.connected()) lanes.renew(lane);
      rest.begin(began);
      return outcome;
    },
  };
}
