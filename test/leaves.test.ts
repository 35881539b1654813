import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { singleFlight } from "../src/access/identities/identity-sources.ts";
import { createShortMemory } from "../src/access/identities/session-validation.ts";
import { environmentCandidates } from "../src/access/requested-environments.ts";
import { parseDuration } from "../src/config/values.ts";
import { coalesce } from "../src/lib/coalesce.ts";
import { earliestId, isId, newId } from "../src/lib/id.ts";
import { recent } from "../src/metrics/database-metrics.ts";

/** A promise, and its resolve and reject. */
function deferred() {
  let resolve = () => {};
  let reject = (_: Error) => {};
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

describe("a duration", () => {
  test.each([
    ["500ms", 500],
    ["15s", 15_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    [" 1s ", 1_000],
  ])("%s is %i milliseconds", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each([
    "",
    "0s",
    "000ms",
    "1",
    "s",
    "1 s",
    "1.5s",
    "-1s",
    "+1s",
    "1S",
    "1w",
    "1e3s",
    "٣s",
    "1s2s",
    "1234567890s",
  ])("%j is invalid", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("an id", () => {
  test("sorts by its creation time, and is valid only with its own prefix", async () => {
    const first = newId("org");
    await new Promise((resolve) => setTimeout(resolve, 2));
    const second = newId("org");
    expect([second, first].sort()).toEqual([first, second]);
    expect(isId("org", first)).toBe(true);
    expect(isId("orguser", first)).toBe(false);
    expect(isId("org", first.toUpperCase())).toBe(false);
    expect(isId("org", `${first}0`)).toBe(false);
    expect(isId("org", `${first}\n`)).toBe(false);
  });

  test("sorts between the earliest ids of its own moment and of the next", () => {
    const before = new Date();
    const ids = Array.from({ length: 100 }, () => newId("evt"));
    const after = new Date(Date.now() + 1);
    const ends = [earliestId("evt", before), earliestId("evt", after)];
    expect([...ids, ...ends].sort()).toEqual([ends[0], ...[...ids].sort(), ends[1]]);
    for (const id of ends) expect(isId("evt", id)).toBe(true);
  });
});

describe("coalesced writes", () => {
  /** Collects batches; each write waits until it is let through. */
  function collect(limit = 100) {
    const batches: number[][] = [];
    const gates: Array<ReturnType<typeof deferred>> = [];
    const add = coalesce<number>(async (items) => {
      batches.push(items);
      const gate = deferred();
      gates.push(gate);
      await gate.promise;
    }, limit);
    return { batches, gates, add };
  }

  test("begin at once; those that arrive during a batch form the next, in order", async () => {
    const { batches, gates, add } = collect();
    const all = [add(1), add(2), add(3)];
    expect(batches).toEqual([[1]]);
    gates[0]?.resolve();
    await turn();
    expect(batches).toEqual([[1], [2, 3]]);
    gates[1]?.resolve();
    await Promise.all(all);
    void add(4);
    expect(batches).toEqual([[1], [2, 3], [4]]);
  });

  test("contain no more items than the limit", async () => {
    const { batches, gates, add } = collect(2);
    for (const n of [1, 2, 3, 4, 5, 6]) void add(n);
    for (let n = 0; n < 4; n += 1) {
      gates[n]?.resolve();
      await turn();
    }
    expect(batches).toEqual([[1], [2, 3], [4, 5], [6]]);
  });

  test("settle with their own batch, and not before", async () => {
    const { gates, add } = collect();
    const settled: number[] = [];
    for (const n of [1, 2]) void add(n).then(() => settled.push(n));
    await turn();
    expect(settled).toEqual([]);
    gates[0]?.resolve();
    await turn();
    expect(settled).toEqual([1]);
  });

  test("that fail are reported to everyone in that batch only", async () => {
    const { gates, add } = collect();
    const outcomes = Promise.allSettled([add(1), add(2), add(3)]);
    gates[0]?.resolve();
    await turn();
    gates[1]?.reject(new Error("disk full"));
    const statuses = (await outcomes).map(({ status }) => status);
    expect(statuses).toEqual(["fulfilled", "rejected", "rejected"]);
    const later = add(4);
    gates[2]?.resolve();
    await expect(later).resolves.toBeUndefined();
  });
});

describe("a short memory", () => {
  test("forgets after its time, counted from the last addition", () => {
    let now = 0;
    const memory = createShortMemory(10, 100, () => now);
    memory.add("a");
    now = 5;
    memory.add("a");
    now = 14;
    expect([memory.has("a"), memory.has("b")]).toEqual([true, false]);
    now = 15;
    expect(memory.has("a")).toBe(false);
  });

  test("has a maximal size, and forgets the oldest first", () => {
    const memory = createShortMemory(1_000, 2, () => 0);
    for (const key of ["a", "b", "a", "c"]) memory.add(key);
    expect(["a", "b", "c"].filter(memory.has)).toEqual(["a", "c"]);
  });
});

describe("a single flight", () => {
  test("is shared by all who want the same while it lasts, and no longer", async () => {
    const fly = singleFlight<number>();
    const gate = deferred();
    let flights = 0;
    const work = async () => {
      flights += 1;
      await gate.promise;
      return flights;
    };
    const all = [fly("a", work), fly("a", work), fly("b", work)];
    expect(flights).toBe(2);
    gate.resolve();
    expect(await Promise.all(all)).toEqual([2, 2, 2]);
    expect(await fly("a", work)).toBe(3);
  });

  test("that fails is reported to everyone who shares it only", async () => {
    const fly = singleFlight<string>();
    const fails = () => Promise.reject(new Error("down"));
    const outcomes = await Promise.allSettled([fly("a", fails), fly("a", fails)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await expect(fly("a", async () => "up")).resolves.toBe("up");
  });
});

describe("recent work", () => {
  test("is shared while it runs and for a while after, and then repeated", async () => {
    let [time, done] = [0, 0];
    const gate = deferred();
    const ask = recent(
      10,
      async () => {
        done += 1;
        const n = done;
        await gate.promise;
        return n;
      },
      () => time,
    );
    const all = [ask(), ask()];
    time = 100;
    all.push(ask());
    gate.resolve();
    expect(await Promise.all(all)).toEqual([1, 1, 1]);
    time = 109;
    expect(await ask()).toBe(1);
    time = 110;
    expect(await Promise.all([ask(), ask()])).toEqual([2, 2]);
  });

  test("that fails is reported to everyone in that time, and no one later", async () => {
    let time = 0;
    const outcomes = [() => Promise.reject(new Error("down")), async () => "up"];
    const ask = recent(
      10,
      () => outcomes.shift()?.() ?? Promise.reject(new Error("asked too often")),
      () => time,
    );
    await expect(ask()).rejects.toThrow("down");
    await expect(ask()).rejects.toThrow("down");
    time = 10;
    expect(await ask()).toBe("up");
  });
});

test.each([
  [{ host: "acme.localhost:3000" }, ["acme"]],
  [{ host: "acme.localhost", header: "globex" }, ["acme", "globex"]],
  [{ host: "acme.localhost", defaultHandle: "other" }, ["acme"]],
  [{ host: "localhost", defaultHandle: "other" }, ["other"]],
  [{ host: "localhost", header: "globex", defaultHandle: "other" }, ["globex"]],
  [{ host: "10.0.0.1:80", defaultHandle: "other" }, ["other"]],
  [{ host: "[::1]:80", defaultHandle: "other" }, ["other"]],
  [{ host: "OWN.example.com.", defaultHandle: "other" }, ["other"]],
  [{ host: "acme.own.example.com", defaultHandle: "other" }, ["acme"]],
  [{ host: "" }, []],
])("%j may name the environments %j", (request, handles) => {
  const nothing = { header: undefined, defaultHandle: undefined, ownHost: "own.example.com" };
  expect(environmentCandidates({ ...nothing, ...request })).toEqual(handles);
});
