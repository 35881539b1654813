/**
 * Runs before every test file, and checks every answer that a test gets over HTTP, by the tests' own client or by hand.
 * A JSON:API answer that breaks a rule throws where it was asked for, and so does an answer of the Bridge API or
 * `POST /mail-events` that isn't as documented. The checks load when first needed, because many tests use no HTTP.
 */
const plainFetch: typeof fetch = Reflect.get(globalThis.fetch, "plain") ?? globalThis.fetch;

const checkedFetch: typeof fetch = async (input, init) => {
  const answer = await plainFetch(input, init);
  const given = input instanceof Request ? input : { url: String(input), method: "GET" };
  const { pathname, search } = new URL(given.url);
  const exchange = {
    method: (init?.method ?? given.method).toUpperCase(),
    url: pathname + search,
    sent: input instanceof Request && input.body !== null ? null : textOf(init?.body),
    status: answer.status,
    headers: answer.headers,
    text: () => answer.clone().text(),
  };
  const isMailEvents = pathname === "/mail-events" && exchange.method === "POST";
  if (pathname.startsWith("/bridge-payment/") || isMailEvents) {
    const { checkBridge } = await import("./bridge-problems.ts");
    await checkBridge(exchange);
  } else {
    const { checkJsonApi } = await import("./json-api-checks.ts");
    await checkJsonApi(exchange);
  }
  return answer;
};
// Files share their globals: the next one checks by itself, and not once more.
globalThis.fetch = Object.assign(checkedFetch, { plain: plainFetch });

/** @returns null for a body that is not text. */
function textOf(body: unknown): string | null | undefined {
  if (body === undefined || body === null) return undefined;
  return typeof body === "string" ? body : null;
}

export {};
