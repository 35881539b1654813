import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import type { Settings } from "../config/variables.ts";
import { coalesce } from "../lib/coalesce.ts";
import { createRareWarnings } from "../lib/warn-rarely.ts";
import type { Log } from "../log.ts";
import { attemptDelivery } from "./attempt-delivery.ts";
import { createAttemptJudge } from "./attempt-judge.ts";
import { type ClaimedDelivery, claimDeliveries, LEASE_SECONDS, renewLeases } from "./claim-deliveries.ts";
import type { MailParts } from "./compose-mail.ts";
import { type DkimSettings, dkimSigner, warnUnlessAligned } from "./dkim.ts";
import { type FailureCause, failureCause } from "./failure-cause.ts";
import type { Outcome } from "./outcome.ts";
import { createPace } from "./pace.ts";
import { type DeliveryOutcome, recordOutcomes } from "./record-outcomes.ts";
import { createRest } from "./rest.ts";
import { openSmtpLane } from "./smtp-lane.ts";
import { createSmtpLanes } from "./smtp-lanes.ts";
import { createSuspicions } from "./suspicions.ts";
import { failureFields, SUPPRESSED_REPLY } from "./tell-failures.ts";

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
  settings: Pick<Settings, "PUBLIC_URL" | "MAIL_FROM" | "SMTP_URL" | "SMTP_CONNECTIONS" | "SMTP_RATE"> &
    DkimSettings;
}

/**
 * Milliseconds for a reply. Until our sender is accepted they are few, since a connection that was kept may have died
 * without a word; more while one email tries whether a rest is over. After that the server may have to ask another.
 */
const PATIENCE = { sender: 10_000, recipient: 60_000 };
const TRIAL_PATIENCE = { ...PATIENCE, sender: 30_000 };
/** Deliveries held at once for each lane: some wait here, so that no connection waits for the next claim. */
const PER_LANE = 3;
/** Milliseconds the outcomes of mails that were cut off have to be recorded. */
const LAST_WORDS = 2_000;

export function createDeliveryRunner(parts: DeliveryRunnerParts): DeliveryRunner {
  const { db, log, settings } = parts;
  warnUnlessAligned(settings, log);
  const signer = dkimSigner(settings);
  const lanes = createSmtpLanes(
    () => openSmtpLane(settings.SMTP_URL, signer),
    announceChange,
    settings.SMTP_CONNECTIONS,
  );
  const warn = createRareWarnings(log);
  const report = createRareWarnings(log, { level: "error" });
  const wake = () => void run().catch((error) => warn("claim", { err: error }, "can't claim emails"));
  const rest = createRest(wake);
  const pace = createPace(settings.SMTP_RATE ?? Number.POSITIVE_INFINITY, wake);
  const suspicions = createSuspicions();
  const { judge, obstacle } = createAttemptJudge({ lanes, rest, pace, suspicions, warn });
  const record = coalesce((outcomes: DeliveryOutcome[]) => recordOutcomes(db, outcomes), 100);
  const held = new Map<ClaimedDelivery, Promise<void>>();
  const claiming = new Set<Promise<void>>();
  const domain = settings.MAIL_FROM.address.replace(/^.*@/, "");
  let stopping = false;
  let waiting: Array<() => void> = [];
  const renewal = setInterval(() => void renew(), (LEASE_SECONDS / 3) * 1_000).unref();

  async function claimAndSend(): Promise<void> {
    for (;;) {
      const capacity = PER_LANE * lanes.size();
      // Wait for some room: claiming one at a time would cost a round trip per mail.
      while (moving() > capacity / 2 && !stopping) await change();
      if (stopping) return;
      const paced = pace.take(capacity - moving());
      const room = paced === 0 ? 0 : rest.admits(paced);
      if (room === 0) return pace.giveBack(paced);
      const tries = rest.resting();
      const claimed = await claim(room, tries);
      const mine = claimed.filter(({ state }) => state === "sending");
      pace.giveBack(paced - mine.length);
      for (const delivery of mine) hold(delivery, tries);
      for (const { id, state, reply } of claimed)
        if (state === "suppressed" && reply === SUPPRESSED_REPLY)
          warnOfFailure(id, "suppressed", null, reply);
      if (tries && mine.length === 0) rest.untried();
      if (claimed.length < room) return;
    }
  }

  /** @param tries whether to try if a rest is over: with a receiver that hasn't refused us, if there is one. */
  async function claim(room: number, tries: boolean): Promise<ClaimedDelivery[]> {
    const refusing = tries ? suspicions.domains() : [];
    const claimed = await claimDeliveries(db, [room, LEASE_SECONDS, domain, refusing]);
    if (claimed.length > 0 || refusing.length === 0) return claimed;
    return claimDeliveries(db, [room, LEASE_SECONDS, domain, []]);
  }

  /** Deliveries held by lanes that don't hang. */
  function moving(): number {
    return held.size - lanes.hanging();
  }

  function hold(delivery: ClaimedDelivery, tries: boolean): void {
    const done = deliver(delivery, tries).finally(() => {
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

  async function deliver(delivery: ClaimedDelivery, tries: boolean): Promise<void> {
    const outcome = await throughSomeLane(delivery, tries);
    log.debug({ delivery: delivery.id, state: outcome.state, code: outcome.code }, "delivery attempted");
    const { id, attempts, claimed_at } = delivery;
    for (let recorded = false; !recorded; ) {
      // A mail that left must be known to have left: this goes on until the database takes it or the process ends.
      recorded = await record({ id, attempts, claimed_at, ...outcome }).then(
        () => true,
        (error) => {
          report("record", { err: error, delivery: id }, "an outcome can't be recorded; trying again");
          return sleep(1_000, false);
        },
      );
    }
    if (outcome.state === "failed") warnOfFailure(id, failureCause(outcome), outcome.code, outcome.reply);
    // It is due again, and the lanes may have come back to work before that was written.
    if (outcome.trouble !== null && !rest.resting() && !stopping) wake();
  }

  function warnOfFailure(delivery: string, cause: FailureCause, code: number | null, reply: string): void {
    const fields = failureFields(delivery, { cause, code, reply });
    warn(`failed: ${cause}`, fields, "an email can't be delivered");
  }

  async function throughSomeLane(delivery: ClaimedDelivery, tries: boolean): Promise<Outcome> {
    for (;;) {
      const outcome = await lanes.use(async (lane) => {
        // It waited for a lane while the lanes began to rest.
        const why = obstacle();
        if (why !== undefined && rest.resting() && !tries) return why;
        const began = performance.now();
        const patience = tries ? TRIAL_PATIENCE : PATIENCE;
        const met = await attemptDelivery(parts, { lane, delivery, patience }, report);
        return stopping ? met : judge(met, delivery, lane, began);
      });
      if (outcome !== undefined) return outcome;
    }
  }

  async function renew(): Promise<void> {
    if (held.size === 0) return;
    const leases = [...held.keys()];
    const claims = [leases.map(({ id }) => id), leases.map(({ attempts }) => attempts)];
    const renewed = renewLeases(db, [...claims, LEASE_SECONDS]);
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
    run,
    async stop(grace) {
      stopping = true;
      rest.stop();
      pace.stop();
      announceChange();
      const done = allDone();
      const within = (milliseconds: number) =>
        Promise.race([done, sleep(milliseconds, undefined, { ref: false })]);
      await within(grace);
      lanes.close();
      await within(LAST_WORDS);
      if (held.size > 0) {
        const deliveries = Array.from(held.keys(), ({ id }) => id);
        log.warn({ deliveries }, "left with mails under way; their leases will run out");
      }
      clearInterval(renewal);
    },
  };
}
