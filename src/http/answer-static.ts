import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { Context } from "koa";

/** What never changes while the process runs. */
export interface Static {
  tag: string;
  /** Bytes, uncompressed. */
  size: number;
  zipped: Buffer;
}

export function tagOf(content: Buffer): string {
  return createHash("sha256").update(content).digest("base64url").slice(0, 22);
}

/**
 * Answers it compressed to clients that accept that, and with 304 to those that have it. Nothing else is compressed: an
 * answer that holds a secret beside what its reader chose would give it away by its length.
 */
export function answerStatic(
  ctx: Context,
  { tag, size, zipped }: Static,
  headers: Record<string, string>,
  plain: () => Buffer | Readable,
): void {
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
  ctx.body = isZipped ? zipped : plain();
  ctx.length = isZipped ? zipped.length : size;
}
