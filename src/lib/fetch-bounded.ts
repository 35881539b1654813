/** The response of another service. */
export interface Answered {
  status: number;
  text: string;
}

/**
 * Sends an HTTP request with a limit on time and on the size of the response. Does not follow redirects, so that nothing
 * meant for one host reaches another.
 * @param timeout milliseconds for the whole exchange. @param limit bytes of the body.
 * @throws TypeError when the network fails; TimeoutError or RangeError beyond a limit.
 */
export async function fetchBounded(
  url: string,
  request: RequestInit,
  { timeout, limit }: { timeout: number; limit: number },
): Promise<Answered> {
  const answer = await fetch(url, { ...request, redirect: "manual", signal: AbortSignal.timeout(timeout) });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > limit) throw new RangeError(`the response is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return { status: answer.status, text: new TextDecoder().decode(Buffer.concat(chunks)) };
}

/** Returns the underlying network error, which `fetch` wraps, for the log. */
export function causeOf(error: unknown): unknown {
  return error instanceof TypeError && error.cause !== undefined ? error.cause : error;
}
