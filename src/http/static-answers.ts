import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { gzip, gzipSync } from "node:zlib";
import type { Context, Middleware } from "koa";

/**
 * Serves a text that never changes while the process runs. It is made at the first request, so that a start costs
 * nothing.
 * @param headers including `Content-Type`.
 */
export function staticText(make: () => string, headers: Record<string, string>): Middleware {
  let kept: (Static & { plain: Buffer }) | undefined;
  return (ctx) => {
    kept ??= compress(make());
    const { plain } = kept;
    answerStatic(ctx, kept, headers, () => plain);
  };
}

/** Keeps the text as bytes, which all connections share while they are being sent. */
function compress(text: string): Static & { plain: Buffer } {
  const plain = Buffer.from(text);
  return { plain, tag: tagOf(plain), size: plain.length, zipped: gzipSync(plain, { level: 9 }) };
}

/**
 * Serves a large file that never changes while the process runs. Reads it at the first request and keeps only the
 * compressed bytes. Clients that don't accept compression get the file as a stream.
 * @param headers including `Content-Type`.
 */
export function staticFile(path: string, headers: Record<string, string>): Middleware {
  let kept: Promise<Static> | undefined;
  return async (ctx) => {
    kept ??= read(path);
    answerStatic(ctx, await kept, headers, () => createReadStream(path));
  };
}

async function read(path: string): Promise<Static> {
  const content = await readFile(path);
  return { tag: tagOf(content), size: content.length, zipped: await promisify(gzip)(content, { level: 9 }) };
}

interface Static {
  tag: string;
  /** Bytes, uncompressed. */
  size: number;
  zipped: Buffer;
}

function tagOf(content: Buffer): string {
  return createHash("sha256").update(content).digest("base64url").slice(0, 22);
}

/**
 * Sends content compressed to clients that accept that, and 304 to clients that have it already. No other responses are
 * compressed, because the length could reveal a secret that stands next to text of the caller's choice.
 */
function answerStatic(
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
