import type { z } from "zod";
import { badRequest, type ErrorCode, type ErrorItem, MOST_PROBLEMS, Refusal } from "../errors.ts";
import { isObject, pointerInto, withoutAtMembers } from "./pointer-to.ts";

/**
 * Reads the `meta` of an action's document. No document counts as an empty one.
 * @throws 400 for a document that isn't an object, 422 that names each member that is unknown or invalid.
 */
export function readMeta<Schema extends z.ZodObject>(schema: Schema, document: unknown): z.infer<Schema> {
  const given = document === undefined ? {} : document;
  if (!isObject(given)) throw badRequest("no_document", "Send a JSON:API document: an object with `meta`.");
  const { meta = {} } = given;
  const parsed = schema.safeParse(isObject(meta) ? withoutAtMembers(meta) : (meta ?? {}));
  if (parsed.success) return parsed.data;
  const complain = (code: ErrorCode<422>, detail: string, path: PropertyKey[]): ErrorItem<422> => {
    // Without a document there is nothing to point into.
    if (document === undefined) return { code, detail };
    return { code, detail, source: { pointer: pointerInto(given, ["meta", ...path.map(String)]) } };
  };
  const items = parsed.error.issues
    .slice(0, MOST_PROBLEMS)
    .flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys
            .slice(0, MOST_PROBLEMS)
            .map((key) => complain("unknown_member", "There is no such member.", [...issue.path, key]))
        : [complain("invalid_member", issue.message, issue.path)],
    );
  const [first, ...rest] = items.slice(0, MOST_PROBLEMS);
  throw first === undefined ? parsed.error : new Refusal(422, [first, ...rest]);
}
