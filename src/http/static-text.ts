import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Middleware } from "koa";

/**
 * Answers a text that is made once, compressed for those who take it so, and with 304 for those who have it. Only texts
 * like this are compressed: an answer that holds a secret beside what its reader chose would give it away by its length.
 * @param headers `Content-Type` among them.
 */
export function staticText(text: string, headers: Record<string, string>): Middleware {
  const tag = createHash("sha256").update(text).digest("base64url").slice(0, 22);
  // As bytes, which all connections share while they are sent.
  const plain = Buffer.from(text);
  const zipped = gzipSync(plain, { level: 9 });
  return (ctx) => {
    const isZipped = ctx.acceptsEncodings("gzip", "identity") === "gzip";
    ctx.set(headers);
    ctx.set("ETag", isZipped ? `"${tag}-gzip"` : `"${tag}"`);
    ctx.vary("Accept-Encoding");
    ctx.status = 200;
    if (ctx.fresh) {
      ctx.status = 304;
      return;
    }
    if (isZipped) ctx.set("Content-Encoding", "gzip");
    ctx.body = isZipped ? zipped : plain;
  };
}
