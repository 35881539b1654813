import { gzipSync } from "node:zlib";
import type { Middleware } from "koa";
import { answerStatic, tagOf } from "./answer-static.ts";

/**
 * Answers a text that is made once.
 * @param headers `Content-Type` among them.
 */
export function staticText(text: string, headers: Record<string, string>): Middleware {
  // As bytes, which all connections share while they are sent.
  const plain = Buffer.from(text);
  const kept = { tag: tagOf(plain), size: plain.length, zipped: gzipSync(plain, { level: 9 }) };
  return (ctx) => answerStatic(ctx, kept, headers, () => plain);
}
