/** What is wrong, each in a sentence. */
export type Problems = Generator<string, void>;

export type JsonObject = Record<string, unknown>;

export function toObject(value: unknown): JsonObject | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : undefined;
}

/** The objects among one, several or none. */
export function objectsIn(value: unknown): JsonObject[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.map(toObject).filter((item) => item !== undefined);
}

/** Names an object may not have; @-members are anybody's (JSON:API 1.1 §5.8). */
export function strangersIn(object: JsonObject, known: string[]): string[] {
  return Object.keys(object).filter((name) => !known.includes(name) && !name.startsWith("@"));
}

/** JSON:API 1.1 §5.8: at both ends a letter, a digit or anything above U+007F; hyphen, underscore, space inside. */
const MEMBER_NAME =
  /^[a-zA-Z0-9\u0080-\u{10ffff}]([a-zA-Z0-9\u0080-\u{10ffff}_ -]*[a-zA-Z0-9\u0080-\u{10ffff}])?$/u;

export function* checkMemberNames(object: JsonObject, where: string): Problems {
  for (const name of Object.keys(object)) {
    if (!name.startsWith("@") && !MEMBER_NAME.test(name))
      yield `${where} has the ill-named member ${JSON.stringify(name)}`;
  }
}
