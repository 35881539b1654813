import { describe, expect, test } from "vitest";
import { createAdaptiveLimit } from "../src/lib/adaptive-limit.ts";
import { createSendingRate } from "../src/mail/sending-rate.ts";
import { createSuspicions } from "../src/mail/suspicions.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

describe("a mail server's limit", () => {
  const start = (most = 10) => {
    const clock = { now: 0 };
    const limit = createAdaptiveLimit(
      most,
      (value) => value + 1,
      () => clock.now,
    );
    return { clock, limit };
  };

  test("is lowered at once, raised step by step, then forgotten", () => {
    const { clock, limit } = start();
    limit.lower(3);
    expect(limit.now()).toBe(3);
    clock.now += 16 * SECOND;
    expect(limit.now()).toBe(4);
    clock.now += 10 * MINUTE;
    expect(limit.now()).toBe(10);
  });

  test("is raised less and less often if it stays the same", () => {
    const { clock, limit } = start();
    let raised = 0;
    for (limit.lower(3); clock.now < 60 * MINUTE; clock.now += SECOND) {
      if (limit.now() === 3) continue;
      raised += 1;
      limit.lower(3);
    }
    expect(raised).toBeGreaterThan(4);
    expect(raised).toBeLessThan(20);
  });

  test("is never raised by lowering it", () => {
    const { limit } = start();
    limit.lower(3);
    limit.lower(7);
    expect(limit.now()).toBe(3);
  });
});

describe("the sending rate", () => {
  /** Sends emails for so many seconds to a server that accepts what `allows` says. */
  function send(seconds: number, most: number, allows: (sent: number, now: number) => boolean = () => true) {
    const clock = { now: 0 };
    const rate = createSendingRate(
      most,
      () => {},
      () => clock.now,
    );
    const sent: number[] = [];
    let refused = 0;
    let restUntil = 0;
    for (; clock.now < seconds * SECOND; clock.now += 50) {
      // Ten connections of 20 emails a second each.
      const taken = clock.now < restUntil ? 0 : rate.take(10);
      for (let n = 0; n < taken; n += 1) {
        if (allows(sent.length, clock.now)) {
          sent.push(clock.now);
          rate.accepted();
        } else {
          refused += 1;
          rate.slowDown();
          restUntil = clock.now + 10 * SECOND;
        }
      }
    }
    rate.stop();
    return { sent, refused };
  }

  test.each([1, 7, 60, 600, 6_000])("of %i emails a minute holds for every minute", (perMinute) => {
    const { sent } = send(240, perMinute);
    const inMinuteFrom = (from: number) => sent.filter((at) => at >= from && at < from + MINUTE).length;
    for (const from of sent.filter((_, n) => n % 10 === 0))
      expect(inMinuteFrom(from)).toBeLessThanOrEqual(perMinute);
    expect(sent.length).toBeGreaterThan(3 * perMinute);
  });

  test("the sending rate finds what a server allows, with few refusals", () => {
    let inWindow = 0;
    let window = -1;
    const { sent, refused } = send(40 * 60, Number.POSITIVE_INFINITY, (_, now) => {
      if (Math.floor(now / MINUTE) !== window) inWindow = 0;
      window = Math.floor(now / MINUTE);
      inWindow += 1;
      return inWindow <= 60;
    });
    expect(sent.length).toBeGreaterThan(40 * 60 * 0.6);
    expect(refused / sent.length).toBeLessThan(0.3);
  });
});

describe("an uncertain refusal", () => {
  const start = () => {
    const clock = { now: 1 };
    const suspicions = createSuspicions(() => clock.now);
    const mail = (id: string, domain = "one.example") => ({ id, email: `${id}@${domain}` });
    /** An attempt that takes a second. */
    const refused = (id: string, domain?: string, doubt = true) => {
      const began = clock.now;
      clock.now += SECOND;
      return suspicions.refused(mail(id, domain), began, doubt);
    };
    const accepted = (id: string, domain?: string, began = clock.now) => {
      clock.now += SECOND;
      suspicions.accepted(mail(id, domain), began);
      clock.now += 1;
    };
    return { clock, refused, accepted, suspicions };
  };

  test("is our fault as long as every email is refused", () => {
    const { refused } = start();
    for (let n = 0; n < 50; n += 1) expect(refused(`mail${n % 7}`, `domain${n % 3}.example`)).toBe(undefined);
  });

  test("a refusal is the email's or its domain's if others are accepted", () => {
    const { refused, accepted } = start();
    expect(refused("a", "strict.example")).toBe(undefined);
    accepted("b", "two.example");
    expect(refused("a", "strict.example")).toBe("own");
    expect(refused("c", "strict.example")).toBe("own");
    expect(refused("d", "three.example")).toBe(undefined);
  });

  test("isn't the email's if others were accepted before", () => {
    const { clock, refused, accepted } = start();
    accepted("b", "two.example");
    const underWay = clock.now;
    expect(refused("a")).toBe(undefined);
    accepted("c", "two.example", underWay);
    expect(refused("a")).toBe(undefined);
  });

  test("needs more proof if its words are about us", () => {
    const { refused, accepted } = start();
    for (let n = 0; n < 5; n += 1) {
      expect(refused("a", "strict.example", false)).toBe(undefined);
      accepted(`b${n}`, "two.example");
    }
    expect(refused("a", "strict.example", false)).toBe("own");
  });

  test("of one email alone makes it wait longer after some tries", () => {
    const { refused } = start();
    expect([refused("a"), refused("a"), refused("a")]).toEqual([undefined, undefined, "alone"]);
    expect(refused("b")).toBe(undefined);
    expect(refused("a")).toBe(undefined);
  });
});
