/**
 * Loaded before every test file. Checks all HTTP responses, of the tests' client and of any other. A JSON:API response that breaks
 * a rule throws at its request, and so does a Bridge API response that isn't as documented. The checks are loaded when they are
 * first needed, because many tests use no HTTP.
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
  if (pathname.startsWith("/bridge-payment/")) {
    const { checkBridge } = await import("./bridge-problems.ts");
    await checkBridge(exchange);
  } else {
    const { checkJsonApi } = await import("./json-api-checks.ts");
    await checkJsonApi(exchange);
  }
  return answer;
};
// Test files share their globals, so the next file must not check twice.
globalThis.fetch = Object.assign(checkedFetch, { plain: plainFetch });

/** @returns null for a body that is not text. */
function textOf(body: unknown): string | null | undefined {
  if (body === undefined || body === null) return undefined;
  return typeof body === "string" ? body : null;
}

export {};
