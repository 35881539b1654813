import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Middleware } from "koa";
import { answerStatic, type Static, tagOf } from "./answer-static.ts";

/**
 * Answers a large file that never changes while the process runs. Reads it when it is first asked for, and keeps its
 * compressed bytes alone: clients that don't accept those get the file as a stream.
 * @param headers `Content-Type` among them.
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
