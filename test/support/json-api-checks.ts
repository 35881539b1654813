import { checkDocument } from "./json-api/check-document.ts";
import { checkErrors } from "./json-api/check-errors.ts";
import { checkHttp } from "./json-api/check-http.ts";
import { checkIncluded } from "./json-api/check-included.ts";
import { checkResources } from "./json-api/check-resources.ts";
import { type Answered, type Exchange, isJsonApi, readExchange } from "./json-api/exchange.ts";
import { type Problems, toObject } from "./json-api/values.ts";

/**
 * Holds an answer against JSON:API 1.1 and against what its endpoint and its resource types declare. Every answer of
 * every HTTP test passes here; an answer that is no JSON:API is none of its business.
 * @throws listing each rule the answer breaks.
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
