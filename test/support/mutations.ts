import fc from "fast-check";

/** One change to a document. It is data, so that a failure can be shrunk and printed. */
interface Mutation {
  change: "replace" | "remove" | "add" | "wrap" | "twice";
  /** The number of the changed value. */
  at: number;
  name: string;
  value: unknown;
}

const nested = (levels: number): unknown => (levels === 0 ? [] : [nested(levels - 1)]);

/** Names of members with a special meaning in JavaScript, in JSON:API or in our tables. */
const NAMES = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "lid",
  "id",
  "type",
  "data",
  "errors",
  "meta",
  "included",
  "environment_id",
  "organization_id",
  "owner_user_id",
  "token_hash",
  "deleting_at",
  "user_id",
  "token",
  "",
  "a/b~c",
  "x".repeat(300),
];

const VALUES = [
  null,
  true,
  0,
  -1,
  0.1,
  1e308,
  2 ** 53,
  -(2 ** 63),
  "",
  " ",
  "0",
  "null",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udc00\ud800",
  "‮evil",
  "é",
  "'; drop table users; --",
  "{{7*7}}",
  "%00",
  "<script>",
  "x".repeat(5_000),
  "🙂".repeat(40_000),
  [],
  {},
  [null],
  [[]],
  [{}],
  nested(10),
  nested(200),
  { $ne: null },
  { type: "user", id: "user_none" },
  "0000-00-00T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "+275760-09-13",
  "2026-02-30T00:00:00Z",
  { data: [] },
  { data: {} },
];

/**
 * Generates one to three mutations.
 * @param strings texts to use as values, such as ids of other organizations and environments.
 */
export function mutations(strings: string[]): fc.Arbitrary<Mutation[]> {
  const value = fc.oneof(
    fc.constantFrom(...VALUES, ...strings),
    fc.constantFrom(...strings),
    fc.jsonValue(),
    fc.string({ unit: "binary" }),
  );
  const mutation = fc.record({
    change: fc.constantFrom(
      "replace" as const,
      "replace" as const,
      "remove" as const,
      "add" as const,
      "wrap" as const,
      "twice" as const,
    ),
    at: fc.nat(40),
    name: fc.constantFrom(...NAMES),
    value,
  });
  return fc.array(mutation, { minLength: 1, maxLength: 3 });
}

/** Returns the text of the document after all mutations, in order. */
export function mutated(document: unknown, changes: Mutation[]): string {
  let twice = "";
  const root = { document: structuredClone(document) };
  for (const { change, at, name, value } of changes) {
    const places = placesIn(root);
    const [parent, key] = places[at % places.length] ?? [root, "document"];
    const current: unknown = Reflect.get(parent, key);
    if (change === "replace") put(parent, key, value);
    if (change === "remove") Reflect.deleteProperty(parent, key);
    if (change === "wrap") put(parent, key, [current]);
    if (change === "add")
      put(typeof current === "object" && current !== null ? current : parent, name, value);
    if (change === "twice") twice = `${JSON.stringify(name)}:${JSON.stringify(value)},`;
  }
  // Only text can have a key twice.
  return (JSON.stringify(root.document) ?? "null").replace(/^\{/, `{${twice}`).replace(",}", "}");
}

type Place = [parent: object, key: string];

/** Returns all values of the document with their places, outer ones first. */
function placesIn(parent: object): Place[] {
  return Object.entries(parent).flatMap(([key, value]): Place[] => [
    [parent, key],
    ...(typeof value === "object" && value !== null ? placesIn(value) : []),
  ]);
}

/** Sets any member, even `__proto__`. */
function put(parent: object, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}
