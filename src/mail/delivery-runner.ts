import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import type { Settings } from "../config/variables.ts";
import { coalesce } from "../lib/coalesce.ts";
import { createRareWarnings } from "../lib/warn-rarely.ts";
import type { Log } from "../log.ts";
import { type ClaimedDelivery, claimDeliveries, LEASE_SECONDS } from "./claim-deliveries.ts";
import type { MailParts } from "./compose-mail.ts";
import { createConnectionPool } from "./connection-pool.ts";
import { type DkimSettings, dkimSigner, warnUnlessAligned } from "./dkim.ts";
import { type DeliveryOutcome, recordOutcomes } from "./record-outcomes.ts";
import { renewLeases } from "./renew-leases.ts";
import { type FailureCause, failureCause } from "./replies.ts";
import { failureFields, SUPPRESSED_REPLY } from "./report-failures.ts";
import { createSender } from "./send-delivery.ts";
import { createSendingPause, createSendingRate } from "./sending-rate.ts";
import { openSmtpConnection } from "./smtp-connection.ts";
import { createSuspicions } from "./suspicions.ts";

export type DeliveryRunner = ReturnType<typeof createDeliveryRunner>;

interface DeliveryRunnerParts extends MailParts {
  db: Knex;
  log: Log;
  settings: Pick<Settings, "PUBLIC_URL" | "MAIL_FROM" | "SMTP_URL" | "SMTP_CONNECTIONS" | "SMTP_RATE"> &
    DkimSettings;
}

/** Deliveries held at once per connection. A few wait here, so that no connection waits for the next claim. */
const PER_CONNECTION = 3;
/** Milliseconds to record the outcomes of emails that were cut off. */
const RECORDING = 2_000;

export function createDeliveryRunner(parts: DeliveryRunnerParts) {
  const { db, log, settings } = parts;
  warnUnlessAligned(settings, log);
  const warn = createRareWarnings(log);
  const reportError = createRareWarnings(log, { level: "error" });
  const wake = () => void run().catch((error) => warn("claim", { err: error }, "can't claim emails"));
  const signer = dkimSigner(settings);
  const open = () => openSmtpConnection(settings.SMTP_URL, signer);
  const pool = createConnectionPool(open, announceChange, settings.SMTP_CONNECTIONS);
  const pause = createSendingPause(wake);
  const rate = createSendingRate(settings.SMTP_RATE ?? Number.POSITIVE_INFINITY, wake);
  const suspicions = createSuspicions();
  let stopping = false;
  const learning = { pool, rate, pause, suspicions };
  const send = createSender({ parts, ...learning, warn, reportError, stopping: () => stopping });
  const record = coalesce((outcomes: DeliveryOutcome[]) => recordOutcomes(db, outcomes), 100);
  const held = new Map<ClaimedDelivery, Promise<void>>();
  const claiming = new Set<Promise<void>>();
  const domain = settings.MAIL_FROM.address.replace(/^.*@/, "");
  let waiting: Array<() => void> = [];
  const renewal = setInterval(() => void renew(), (LEASE_SECONDS / 3) * 1_000).unref();

  async function claimAndSend(): Promise<void> {
    for (;;) {
      const capacity = PER_CONNECTION * pool.size();
      // Wait for some room: claiming one at a time would cost a round trip per email.
      while (moving() > capacity / 2 && !stopping) await change();
      if (stopping) return;
      const allowed = rate.take(capacity - moving());
      const room = allowed === 0 ? 0 : pause.admits(allowed);
      if (room === 0) return rate.giveBack(allowed);
      const isTrial = pause.active();
      const claimed = await claim(room, isTrial);
      const mine = claimed.filter(({ state }) => state === "sending");
      rate.giveBack(allowed - mine.length);
      for (const delivery of mine) hold(delivery, isTrial);
      for (const { id, state, reply } of claimed)
        if (state === "suppressed" && reply === SUPPRESSED_REPLY)
          warnOfFailure(id, "suppressed", null, reply);
      if (isTrial && mine.length === 0) pause.untried();
      if (claimed.length < room) return;
    }
  }

  /** Claims up to `room` deliveries. A trial prefers a domain that hasn't refused us, if there is one. */
  async function claim(room: number, isTrial: boolean): Promise<ClaimedDelivery[]> {
    const refusing = isTrial ? suspicions.domains() : [];
    const claimed = await claimDeliveries(db, { limit: room, seconds: LEASE_SECONDS, domain, refusing });
    if (claimed.length > 0 || refusing.length === 0) return claimed;
    return claimDeliveries(db, { limit: room, seconds: LEASE_SECONDS, domain });
  }

  /** Returns the number of held deliveries, except those on hanging connections. */
  function moving(): number {
    return held.size - pool.hanging();
  }

  function hold(delivery: ClaimedDelivery, isTrial: boolean): void {
    const done = deliver(delivery, isTrial).finally(() => {
      held.delete(delivery);
      announceChange();
    });
    held.set(delivery, done);
  }

  /** Resolves when a delivery is done or the runner stops. `Promise.race` would keep a listener on every delivery. */
  function change(): Promise<void> {
    return new Promise((resolve) => waiting.push(resolve));
  }

  function announceChange(): void {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  }

  async function deliver(delivery: ClaimedDelivery, isTrial: boolean): Promise<void> {
    const outcome = await send(delivery, isTrial);
    log.debug({ delivery: delivery.id, state: outcome.state, code: outcome.code }, "delivery attempted");
    const { id, attempts, claimed_at } = delivery;
    for (let recorded = false; !recorded; ) {
      // The database must learn that an email was sent, so this retries until it does or the process ends.
      recorded = await record({ id, attempts, claimed_at, ...outcome }).then(
        () => true,
        (error) => {
          reportError("record", { err: error, delivery: id }, "an outcome can't be recorded; trying again");
          return sleep(1_000, false);
        },
      );
    }
    if (outcome.state === "failed") warnOfFailure(id, failureCause(outcome), outcome.code, outcome.reply);
    // The delivery is due again, and the pause may have ended before that was written.
    if (outcome.trouble !== null && !pause.active() && !stopping) wake();
  }

  function warnOfFailure(delivery: string, cause: FailureCause, code: number | null, reply: string): void {
    const fields = failureFields(delivery, { cause, code, reply });
    warn(`failed: ${cause}`, fields, "an email can't be delivered");
  }

  async function renew(): Promise<void> {
    if (held.size === 0) return;
    const leases = [...held.keys()];
    const renewed = renewLeases(db, {
      ids: leases.map(({ id }) => id),
      attempts: leases.map(({ attempts }) => attempts),
      seconds: LEASE_SECONDS,
    });
    await renewed.catch((error) => warn("renew", { err: error }, "leases can't be renewed"));
  }

  async function allDone(): Promise<void> {
    await Promise.allSettled(claiming);
    await Promise.allSettled(held.values());
  }

  async function run(): Promise<void> {
    const claims = claimAndSend();
    claiming.add(claims);
    await claims.finally(() => claiming.delete(claims));
  }

  return {
    /** Claims and sends until nothing is due. Resolves when all due emails have been claimed, not when they have been sent. */
    run,
    /**
     * Claims no more, and waits up to `grace` milliseconds for emails in progress. Then cuts their connections and
     * records what it knows about them.
     */
    async stop(grace: number): Promise<void> {
      stopping = true;
      pause.stop();
      rate.stop();
      announceChange();
      const done = allDone();
      const within = (milliseconds: number) =>
        Promise.race([done, sleep(milliseconds, undefined, { ref: false })]);
      await within(grace);
      pool.close();
      await within(RECORDING);
      if (held.size > 0) {
        const deliveries = Array.from(held.keys(), ({ id }) => id);
        log.warn({ deliveries }, "left with emails in progress; their leases will run out");
      }
      clearInterval(renewal);
    },
  };
}
