import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import type { Settings } from "../config.ts";
import { coalesce } from "../lib/coalesce.ts";
import { createResourcePool } from "../lib/resource-pool.ts";
import type { Log } from "../log.ts";
import { type ClaimedDelivery, claimDeliveries, LEASE_SECONDS, renewLeases } from "./claim-deliveries.ts";
import { composeMail, type MailParts } from "./compose-mail.ts";
import { type DkimSettings, dkimSigner, warnUnlessAligned } from "./dkim.ts";
import { failed, type Outcome, sent } from "./outcome.ts";
import { type DeliveryOutcome, recordOutcomes } from "./record-outcomes.ts";
import { openSmtpLane, type SmtpLane } from "./smtp-lane.ts";

export interface DeliveryRunner {
  /** Claims and sends until nothing is due. Returns when everything due has been claimed, not when it has been sent. */
  run(): Promise<void>;
  /**
   * Takes no more, and waits for the mails under way for at most `grace` milliseconds; then their connections are cut,
   * and what is known of them by then is written down.
   */
  stop(grace: number): Promise<void>;
}

export interface DeliveryRunnerParts extends MailParts {
  db: Knex;
  log: Log;
  settings: Pick<Settings, "PUBLIC_URL" | "MAIL_FROM" | "SMTP_URL"> & DkimSettings;
}

/** SMTP connections per process. */
const LANES = 10;
/** Deliveries held at once: some wait here, so that no connection waits for the next claim. */
const CAPACITY = 3 * LANES;
/** Milliseconds the outcomes of mails that were cut off have to be recorded. */
const LAST_WORDS = 2_000;

export function createDeliveryRunner(parts: DeliveryRunnerParts): DeliveryRunner {
  const { db, log, settings } = parts;
  warnUnlessAligned(settings, log);
  const signer = dkimSigner(settings);
  const lanes = Array.from({ length: LANES }, () => openSmtpLane(settings.SMTP_URL, signer));
  const pool = createResourcePool(lanes);
  const record = coalesce((outcomes: DeliveryOutcome[]) => recordOutcomes(db, outcomes), 100);
  const held = new Map<ClaimedDelivery, Promise<void>>();
  const claiming = new Set<Promise<void>>();
  const domain = settings.MAIL_FROM.address.replace(/^.*@/, "");
  let stopping = false;
  let waiting: Array<() => void> = [];
  const renewal = setInterval(() => void renew(), (LEASE_SECONDS / 3) * 1_000).unref();

  async function claimAndSend(): Promise<void> {
    for (;;) {
      // Wait for some room: claiming one at a time would cost a round trip per mail.
      while (held.size > CAPACITY / 2 && !stopping) await change();
      if (stopping) return;
      const room = CAPACITY - held.size;
      const claimed = await claimDeliveries(db, [room, LEASE_SECONDS, domain]);
      for (const delivery of claimed) if (delivery.state === "sending") hold(delivery);
      if (claimed.length < room) return;
    }
  }

  function hold(delivery: ClaimedDelivery): void {
    const done = deliver(delivery).finally(() => {
      held.delete(delivery);
      announceChange();
    });
    held.set(delivery, done);
  }

  /** Settles when a delivery is done or the runner is to stop. Not a race of promises: they would all remember it. */
  function change(): Promise<void> {
    return new Promise((resolve) => waiting.push(resolve));
  }

  function announceChange(): void {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  }

  async function deliver(delivery: ClaimedDelivery): Promise<void> {
    const outcome = await pool.use((lane) => attempt(lane, delivery));
    log.debug({ delivery: delivery.id, state: outcome.state, code: outcome.code }, "delivery attempted");
    for (let recorded = false; !recorded; ) {
      // A mail that left must be known to have left: this goes on until the database takes it or the process ends.
      recorded = await record({ id: delivery.id, attempts: delivery.attempts, ...outcome }).then(
        () => true,
        (error) => {
          log.error({ err: error, delivery: delivery.id }, "an outcome can't be recorded; trying again");
          return sleep(1_000, false);
        },
      );
    }
  }

  async function attempt(lane: SmtpLane, delivery: ClaimedDelivery): Promise<Outcome> {
    try {
      const result = await lane.send(composeMail(parts, delivery));
      if ("accepted" in result) return sent(Number.parseInt(result.accepted, 10) || 250, result.accepted);
      return failed(result.failure, delivery.attempts, delivery.ambiguous_attempts);
    } catch (error) {
      log.error({ err: error, delivery: delivery.id }, "a mail can't be composed");
      const failure = {
        code: "ECOMPOSE",
        command: "",
        responseCode: null,
        reply: String(error),
        dataAccepted: false,
      };
      return failed(failure, delivery.attempts, delivery.ambiguous_attempts);
    }
  }

  async function renew(): Promise<void> {
    if (held.size === 0) return;
    const leases = [...held.keys()];
    const claims = [leases.map(({ id }) => id), leases.map(({ attempts }) => attempts)];
    const renewed = renewLeases(db, [...claims, LEASE_SECONDS]);
    await renewed.catch((error) => log.warn({ err: error }, "leases can't be renewed"));
  }

  async function allDone(): Promise<void> {
    await Promise.allSettled(claiming);
    await Promise.allSettled(held.values());
  }

  return {
    async run() {
      const run = claimAndSend();
      claiming.add(run);
      await run.finally(() => claiming.delete(run));
    },
    async stop(grace) {
      stopping = true;
      announceChange();
      const done = allDone();
      const within = (milliseconds: number) =>
        Promise.race([done, sleep(milliseconds, undefined, { ref: false })]);
      await within(grace);
      for (const lane of lanes) lane.close();
      await within(LAST_WORDS);
      if (held.size > 0) {
        const deliveries = Array.from(held.keys(), ({ id }) => id);
        log.warn({ deliveries }, "left with mails under way; their leases will run out");
      }
      clearInterval(renewal);
    },
  };
}
