import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Middleware } from "koa";

interface Kept {
  tag: string;
  /** Bytes of the file. */
  size: number;
  zipped: Buffer;
}

/**
 * Answers a large file that never changes while the process runs, compressed for clients that accept it, and with 304 for
 * those that have it. Reads it when it is first asked for, and keeps its compressed bytes alone: other clients get the file
 * as a stream.
 * @param headers `Content-Type` among them.
 */
export function staticFile(path: string, headers: Record<string, string>): Middleware {
  let kept: Promise<Kept> | undefined;
  return async (ctx) => {
    kept ??= read(path);
    const { tag, size, zipped } = await kept;
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
    ctx.body = isZipped ? zipped : createReadStream(path);
    ctx.length = isZipped ? zipped.length : size;
  };
}

async function read(path: string): Promise<Kept> {
  const content = await readFile(path);
  const tag = createHash("sha256").update(content).digest("base64url").slice(0, 22);
  return { tag, size: content.length, zipped: await promisify(gzip)(content, { level: 9 }) };
}
