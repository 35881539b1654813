import { expect, test } from "vitest";
import { createFairGate, GateFull } from "../src/lib/fair-gate.ts";

const roomy = { atOnce: 10, each: 10, waiting: 10, waitingEach: 10, patience: 60_000 };

/** Work that ends on request and records its beginning. */
function createWork() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () =>
    new Promise<string>((resolve) => {
      begun.push(name);
      ends.set(name, () => resolve(name));
    });
  const end = async (name: string) => {
    ends.get(name)?.();
    await new Promise(setImmediate);
  };
  return { begun, work, end };
}

test("a gate runs a busy caller's share at once, and the rest in turn", async () => {
  const gate = createFairGate({ ...roomy, each: 2 });
  const { begun, work, end } = createWork();
  for (const name of ["a1", "a2", "a3", "a4"]) void gate("a", work(name));
  void gate("b", work("b1"));
  await new Promise(setImmediate);
  expect(begun).toEqual(["a1", "a2", "b1"]);
  await end("a2");
  expect(begun).toEqual(["a1", "a2", "b1", "a3"]);
});

test("a gate gives the next free place to the caller with the fewest", async () => {
  const gate = createFairGate({ ...roomy, atOnce: 2 });
  const { begun, work, end } = createWork();
  for (const name of ["a1", "a2", "a3", "a4"]) void gate("a", work(name));
  void gate("b", work("b1"));
  await new Promise(setImmediate);
  await end("a1");
  expect(begun).toEqual(["a1", "a2", "b1"]);
});

test("a gate refuses callers with too much waiting, and keeps others' places", async () => {
  const gate = createFairGate({ ...roomy, atOnce: 1, waiting: 3, waitingEach: 2 });
  const { work } = createWork();
  for (const name of ["a1", "a2", "a3"]) void gate("a", work(name));
  await expect(gate("a", work("a4"))).rejects.toThrow(GateFull);
  void gate("b", work("b1"));
  await expect(gate("c", work("c1"))).rejects.toThrow(GateFull);
});

test("a gate refuses work that waited too long, and gives its place away once", async () => {
  const gate = createFairGate({ ...roomy, atOnce: 1, patience: 1 });
  const { begun, work, end } = createWork();
  void gate("a", work("a1"));
  await expect(gate("b", work("b1"))).rejects.toThrow(GateFull);
  await end("a1");
  await gate("c", async () => begun.push("c1"));
  expect(begun).toEqual(["a1", "c1"]);
});

test("a gate makes room after work that fails", async () => {
  const gate = createFairGate({ ...roomy, atOnce: 1 });
  await expect(gate("a", () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(await gate("a", async () => "done")).toBe("done");
});
