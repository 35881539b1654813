import { checkDocument } from "./json-api/check-document.ts";
import { checkErrors } from "./json-api/check-errors.ts";
import { checkHttp } from "./json-api/check-http.ts";
import { checkIncluded } from "./json-api/check-included.ts";
import { checkResources } from "./json-api/check-resources.ts";
import { type Answered, type Exchange, isJsonApi, readExchange } from "./json-api/exchange.ts";
import { type Problems, toObject } from "./json-api/values.ts";

/**
 * Checks a response against JSON:API 1.1 and against the declarations of its endpoint and resource types. Every
 * response in every test passes through here. Responses that aren't JSON:API are ignored.
 * @throws an error that lists each broken rule.
 */
export async function checkJsonApi({ text: readText, ...exchange }: Exchange): Promise<void> {
  if (!isJsonApi(exchange)) return;
  const text = await readText();
  const problems = [...problemsOf({ ...exchange, text })];
  if (problems.length === 0) return;
  const { method, url, status } = exchange;
  const list = problems.map((problem) => `- ${problem}`).join("\n");
  throw new Error(`${method} ${url} → ${status} breaks JSON:API:\n${list}\n${text.slice(0, 2_000)}`);
}

function* problemsOf(exchange: Answered): Problems {
  yield* checkHttp(exchange);
  if (exchange.text === "") return;
  const read = readExchange(exchange);
  const document = toObject(read.document);
  if (document === undefined) return yield "the document is no JSON object";
  yield* checkDocument(document, read);
  if ("errors" in document) yield* checkErrors(document.errors, read);
  if (!("data" in document)) return;
  yield* checkResources(document, read);
  yield* checkIncluded(document, read);
}
