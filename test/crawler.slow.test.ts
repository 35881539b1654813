import { beforeAll, describe, expect, test } from "vitest";
import { allEndpoints, resourceTypes } from "../src/management/all-resources.ts";
import { type Crawled, crawl } from "./support/crawl.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { type Population, populate } from "./support/populate.ts";

const guildhall = useGuildhall();
let population: Population;
let crawled: Record<Caller, Crawled>;

/** Small pages, so that there are many; and the same with everything included that may be. */
const collections = resourceTypes.flatMap(({ path, relationships }) => [
  `/api/${path}?page[size]=7`,
  `/api/${path}?include=${Object.keys(relationships)}&page[size]=50`,
]);
/** The paths that a caller may not read at all. */
const CLOSED = {
  operator: /^(\/api\/)?received-/,
  owner: /^(\/api\/)?(environments|api-clients|suppressions)/,
};
type Caller = keyof typeof CLOSED;
const isOpen = (path: string, caller: Caller) => !CLOSED[caller].test(path);
const openTo = (caller: Caller) => collections.filter((path) => isOpen(path, caller));

beforeAll(async () => {
  population = await populate(guildhall);
  // A crawler sends more requests than a person may in a minute.
  guildhall.context.limiter.count = () => {};
  crawled = {
    operator: await crawl(guildhall.api, openTo("operator")),
    owner: await crawl(guildhall.api.as(population.owner.token), openTo("owner")),
  };
}, 240_000);

describe.each(["operator", "owner"] as const)("links followed by an %s", (caller) => {
  test("every link of every document leads to what it promises", () => {
    expect(crawled[caller].broken).toEqual([]);
  });

  test("pages show every row of a collection once", () => {
    for (const { path } of resourceTypes.filter(({ path }) => isOpen(path, caller))) {
      const ids = idsOn(path, crawled[caller]);
      expect(new Set(ids).size, path).toBe(ids.length);
    }
  });
});

/** The ids on the pages from first to last, by `next`. */
function idsOn(path: string, { visited }: Crawled): string[] {
  const ids: string[] = [];
  for (let url: string | null = `/api/${path}?page[size]=7`; url !== null; ) {
    const body: { data: Array<{ id: string }>; links: { next: string | null } } = visited.get(url)?.body;
    ids.push(...body.data.map(({ id }) => id));
    url = body.links.next;
  }
  return ids;
}

test("links lead the operator to every row of the environment, and no other", async () => {
  const { environment_id } = population.owner.user;
  for (const [path, table] of [
    ["users", "users"],
    ["sessions", "sessions"],
    ["invitations", "invitations"],
    ["invitation-batches", "invitation_batches"],
    ["invitation-batch-rows", "invitation_batch_rows"],
    ["deliveries", "mail_deliveries"],
    ["suppressions", "suppressions"],
    ["role-permissions", "role_permissions"],
    ["events", "events"],
    ["organization-deletions", "organization_deletions"],
  ] as const) {
    const rows: string[] = await guildhall.db(table).where({ environment_id }).pluck("id");
    expect(idsOn(path, crawled.operator).sort(), path).toEqual(rows.sort());
  }
});

test("links lead to every endpoint that reads", () => {
  const urls = [crawled.operator, crawled.owner].flatMap(({ visited }) => [...visited.keys()]);
  const paths = urls.map((url) => url.split("?")[0] ?? "");
  // The roles a caller may give are an answer, not a relationship of the organization.
  const reading = allEndpoints.filter(
    ({ method, path }) => method === "GET" && !path.endsWith("/assignable-roles"),
  );
  const missed = reading.filter(({ path }) => {
    const pattern = new RegExp(`^${path.replace(":id", "[^/]+")}$`);
    return !paths.some((visited) => pattern.test(visited));
  });
  expect(missed.map(({ path }) => path)).toEqual([]);
  expect(crawled.owner.visited.size).toBeGreaterThan(500);
});

test("links lead an owner to the invitations they received", () => {
  expect(idsOn("received-invitations", crawled.owner)).toHaveLength(2);
});

test("links lead an owner to their own organizations and no others", async () => {
  const { user } = population.owner;
  const seen = idsOn("organizations", crawled.owner);
  const member = await guildhall.db("memberships").where({ user_id: user.id }).pluck("organization_id");
  const deleting = await guildhall.db("organizations").whereNotNull("deleting_at").pluck("id");
  expect(seen.sort()).toEqual(member.filter((id) => !deleting.includes(id)).sort());
});
