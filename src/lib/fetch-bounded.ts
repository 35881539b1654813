/** What another service answered. */
export interface Answered {
  status: number;
  text: string;
}

/**
 * Asks another service over HTTP, for so long and so much of an answer. A redirect is an answer and is not followed:
 * what is meant for one host travels to no other.
 * @param timeout milliseconds, for all of it. @param limit bytes of a body.
 * @throws TypeError when the network fails, TimeoutError and RangeError beyond the bounds.
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
    if (size > limit) throw new RangeError(`the answer is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return { status: answer.status, text: new TextDecoder().decode(Buffer.concat(chunks)) };
}

/** What went wrong, for the log: `fetch` wraps what the network said. */
export function causeOf(error: unknown): unknown {
  return error instanceof TypeError && error.cause !== undefined ? error.cause : error;
}
