import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { scopeOf } from "../src/access/allow.ts";
import type { Endpoint } from "../src/http/endpoint.ts";
import { allEndpoints } from "../src/management/all-resources.ts";
import { COLUMNS } from "./authorization-matrix/names.ts";
import { OBJECTS } from "./authorization-matrix/objects.ts";
import { bodyFor, subjectOf, urlFor } from "./authorization-matrix/requests.ts";
import { buildWorld, type World } from "./authorization-matrix/world.ts";
import { checksum } from "./support/checksum.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { mutated, mutations } from "./support/mutations.ts";

const guildhall = useGuildhall();
let world: World;
/** Ids of things that aren't the owner's, and some that are. */
let ids: string[];

beforeAll(async () => {
  world = await buildWorld(guildhall);
  ids = [];
  for (const column of COLUMNS) {
    for (const type of [
      "user",
      "organization",
      "membership",
      "role",
      "permission",
      "invitation",
      "session",
    ]) {
      ids.push((await OBJECTS[type]?.({ world, column, caller: "owner" })) ?? "");
    }
  }
}, 120_000);

const withBody = allEndpoints.filter(({ body }) => body !== undefined);
const CALLERS = ["operator", "owner"] as const;

/** Valid answers to nonsense. Never 500, and no 401, because these callers are known. */
const ANSWERS = [200, 201, 202, 204, 400, 403, 404, 409, 413, 422];

test("a mutated document is refused without a trace or taken, and never fails", async () => {
  const counts = { taken: 0, refused: 0 };
  const objects = new Map<string, string>();
  let before = "";

  /** The object of a request, as long as nobody has changed it. */
  async function objectFor(endpoint: Endpoint, caller: (typeof CALLERS)[number]): Promise<string> {
    const subject = subjectOf(endpoint);
    if (subject === undefined) return "";
    const known = objects.get(subject + caller);
    if (known !== undefined) return known;
    const id = (await OBJECTS[subject]?.({ world, column: "own", caller })) ?? "";
    objects.set(subject + caller, id);
    return id;
  }

  const property = fc.asyncProperty(
    fc.constantFrom(...withBody),
    fc.constantFrom(...CALLERS),
    mutations(ids),
    async (endpoint, caller, changes) => {
      const id = await objectFor(endpoint, caller);
      const document = await bodyFor(endpoint, { world, column: "own", caller }, id);
      const api = await world.speakAs(caller, scopeOf(endpoint.allow));
      before = await checksum(guildhall.db);
      const send = endpoint.method === "PATCH" ? api.patch : api.post;
      const { status } = await send(urlFor(endpoint, id), mutated(document ?? { meta: {} }, changes));
      expect(ANSWERS).toContain(status);
      if (status < 400) {
        // The object may be gone, or its invitation answered.
        counts.taken += 1;
        objects.clear();
      } else {
        counts.refused += 1;
        expect(await checksum(guildhall.db)).toBe(before);
      }
    },
  );
  // A failure prints the seed and the path to it: FUZZ_SEED runs it again.
  const seed = Number(process.env.FUZZ_SEED);
  await fc.assert(property, {
    numRuns: Number(process.env.FUZZ_RUNS ?? 500),
    ...(Number.isInteger(seed) ? { seed } : {}),
  });
  expect(counts.taken).toBeGreaterThan(10);
  expect(counts.refused).toBeGreaterThan(200);
  await guildhall.db("users").where({ id: world.people.owner.user.id }).update({ first_name: "Ada" });
  expect(await checksum(guildhall.db), "the checksum sees every change").not.toBe(before);
}, 600_000);
