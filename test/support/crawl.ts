import { isDeepStrictEqual } from "node:util";
import type { Api, ApiAnswer } from "./api.ts";

export interface Crawled {
  /** All requested URLs, with their responses. */
  visited: Map<string, ApiAnswer>;
  /** The problems. */
  broken: string[];
}

// biome-ignore lint/suspicious/noExplicitAny: documents of every shape.
type Json = any;
type Expectation = (body: Json) => string | undefined;

/** Follows all links from the given URLs: `self`, `related`, and those of pages. */
export async function crawl(api: Api, starts: string[]): Promise<Crawled> {
  const visited = new Map<string, ApiAnswer>();
  const broken: string[] = [];
  const open: Array<[url: string, expectation: Expectation]> = starts.map((url) => [url, () => undefined]);
  const asked = new Map<string, Promise<ApiAnswer>>();

  async function visit(url: string, expectation: Expectation): Promise<void> {
    const isNew = !asked.has(url);
    const answer = await (asked.get(url) ?? ask(url));
    if (answer.status !== 200) return void broken.push(`${url} is ${answer.status}`);
    const problem = expectation(answer.body);
    if (problem !== undefined) broken.push(`${url} ${problem}`);
    if (isNew) open.push(...linksOf(url, answer.body));
  }

  function ask(url: string): Promise<ApiAnswer> {
    const answer = api.get(url);
    asked.set(url, answer);
    return answer;
  }

  async function worker(): Promise<void> {
    for (let next = open.pop(); next !== undefined; next = open.pop()) await visit(...next);
  }

  while (open.length > 0) await Promise.all(Array.from({ length: 8 }, worker));
  for (const [url, answer] of asked) visited.set(url, await answer);
  return { visited, broken };
}

/** A link in a document, and what it must lead to. */
function linksOf(url: string, body: Json): Array<[string, Expectation]> {
  const { first, prev, next, self } = body.links ?? {};
  const same: Expectation = ({ data }) =>
    isDeepStrictEqual(data, body.data) ? undefined : "is not the same again";
  const links: Array<[string, Expectation]> = [[self, self === url ? () => undefined : same]];
  if (first !== undefined)
    links.push([
      first,
      ({ links: { prev: before } }) => (before === null ? undefined : "is not the first page"),
    ]);
  if (next != null) links.push([next, isNeighbour(body.data, "prev")]);
  if (prev != null) links.push([prev, isNeighbour(body.data, "next")]);
  const resources = [body.data ?? [], body.included ?? []]
    .flat()
    .filter((item: Json) => item.links !== undefined);
  return [...links, ...resources.flatMap(linksOfResource)];
}

/** Checks that a page repeats no row of the page before it, and links back. */
function isNeighbour(rows: Json[], back: "prev" | "next"): Expectation {
  const ids = new Set(rows.map(({ id }) => id));
  return ({ data, links }) => {
    if (data.length === 0) return "is an empty page";
    if (data.some(({ id }: Json) => ids.has(id))) return "shows a row of the page before again";
    return links[back] === null ? `has no ${back}, though it was come to` : undefined;
  };
}

function linksOfResource(resource: Json): Array<[string, Expectation]> {
  const identity: Expectation = ({ data }) =>
    isDeepStrictEqual(withoutLinkage(data), withoutLinkage(resource))
      ? undefined
      : "is not that very resource";
  return [
    [resource.links.self, identity],
    ...Object.values(resource.relationships as Record<string, Json>).flatMap(
      ({ links, data }): Array<[string, Expectation]> => [
        [links.self, isLinkage(data, links.related)],
        [links.related, isRelated(data)],
      ],
    ),
  ];
}

/** Removes the parts that may differ when a resource is included: relationship data, and a role's number of users. */
function withoutLinkage({ relationships, attributes, ...resource }: Json): Json {
  const { user_count, ...others } = attributes;
  return { ...resource, attributes: others, relationships: Object.keys(relationships) };
}

function isLinkage(expected: Json, related: string): Expectation {
  return ({ data, links }) => {
    if (links.related !== related) return "leads to other related resources than the resource does";
    if (expected === undefined) return Array.isArray(data) ? undefined : "is no list";
    return isDeepStrictEqual(idsOf(data), idsOf(expected)) ? undefined : "is not the linkage of the resource";
  };
}

/** Checks that related resources are among those that the resource names. The caller may not see all of them. */
function isRelated(expected: Json): Expectation {
  return ({ data }) => {
    if (expected === undefined || Array.isArray(expected)) {
      const surplus = expected === undefined ? [] : idsOf(data).filter((id) => !idsOf(expected).includes(id));
      return Array.isArray(data) && surplus.length === 0 ? undefined : `shows ${surplus} beyond the linkage`;
    }
    if (data === null) return undefined;
    return isDeepStrictEqual(idsOf(data), idsOf(expected)) ? undefined : "is not the resource of the linkage";
  };
}

function idsOf(data: Json): string[] {
  const identifiers: Json[] = data === null ? [] : [data].flat();
  return identifiers.map(({ type, id }) => `${type}:${id}`).sort();
}
