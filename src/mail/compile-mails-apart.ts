import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../lib/package-root.ts";
import type { MailSources } from "./mail-renderer.ts";

interface Cached {
  madeOf: string;
  sources: MailSources;
}

/** This runs as `.ts` and, once built, as `.js`. */
const PROGRAM = join(import.meta.dirname, `compile-mails${extname(import.meta.filename)}`);

/** Milliseconds; compiling takes one or two seconds. */
const TIMEOUT = 60_000;
/** Bytes; the emails take about 500 kB. */
const MAX_OUTPUT = 64 * 1024 * 1024;

const MODULES = join(packageRoot(), "node_modules");
/** The usual place for files that tools can generate again. */
const CACHE = join(MODULES, ".cache", "guildhall");

/**
 * Returns the compiled emails. They are cached in `node_modules/.cache`, because MJML takes several seconds of CPU
 * time. A change to a template, a text, the code of this folder or the version of MJML compiles them again.
 * @param flags of Node, for the process that compiles.
 * @throws an error that shows the mistake in a template or text.
 */
export async function compileMailsApart(flags = process.execArgv): Promise<MailSources> {
  const madeOf = await fingerprint();
  const file = join(CACHE, "mails.json");
  const cached: Cached | undefined = await readFile(file, "utf8")
    .then(JSON.parse)
    .catch(() => undefined);
  if (cached?.madeOf === madeOf) return cached.sources;
  const sources = await compile(flags);
  // If nothing can be written, as in some containers, each start compiles again.
  await store(file, JSON.stringify({ madeOf, sources })).catch(() => {});
  return sources;
}

/** Compiles in a separate process, which takes MJML and its memory with it when it ends. */
async function compile(flags: string[]): Promise<MailSources> {
  const options = { timeout: TIMEOUT, killSignal: "SIGKILL", maxBuffer: MAX_OUTPUT } as const;
  const running = promisify(execFile)(process.execPath, [...flags, PROGRAM], options);
  const { stdout } = await running.catch((cause) => {
    throw new Error(`The emails can't be compiled: ${cause.stderr || cause.message}`, { cause });
  });
  return JSON.parse(stdout);
}

/** Returns a digest of everything that compiled emails depend on. */
async function fingerprint(): Promise<string> {
  const files = [join(MODULES, "mjml", "package.json")];
  for (const folder of [import.meta.dirname, join(packageRoot(), "templates")])
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) files.push(join(entry.parentPath, entry.name));
  const digest = createHash("sha256");
  for (const file of files.sort())
    digest
      .update(file)
      .update("\0")
      .update(await readFile(file));
  return digest.digest("hex");
}

/** Renames the file into place, so that another process never reads half of it. */
async function store(file: string, text: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, file);
}
