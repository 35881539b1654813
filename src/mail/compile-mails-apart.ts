import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";
import type { MailSources } from "./parse-mail.ts";

/** What the process that compiles says at its end. */
export type CompilingEnded = { sources: MailSources } | { broken: string };

interface Kept {
  madeOf: string;
  sources: MailSources;
}

/** This runs as `.ts` and, once built, as `.js`. */
const PROGRAM = join(import.meta.dirname, `compile-mails-process${extname(import.meta.filename)}`);

/** Milliseconds; it takes one or two seconds. */
const LIMIT = 60_000;

const MODULES = join(packageRoot(), "node_modules");
/** Where tools keep what they can make again. */
const CACHE = join(MODULES, ".cache", "guildhall");

/**
 * Returns the compiled mails. They are compiled once and kept in `node_modules/.cache`, because MJML takes several
 * seconds of CPU time; a change to a template, a text, the code of this folder or the version of MJML compiles them again.
 * @throws what is wrong with a template or a text.
 */
export async function compileMailsApart(): Promise<MailSources> {
  const madeOf = await fingerprint();
  const file = join(CACHE, "mails.json");
  const kept: Kept | undefined = await readFile(file, "utf8")
    .then(JSON.parse)
    .catch(() => undefined);
  if (kept?.madeOf === madeOf) return kept.sources;
  const sources = await compile();
  // Where nothing may be written, as in a container, each start compiles.
  await keep(file, JSON.stringify({ madeOf, sources })).catch(() => {});
  return sources;
}

/** Compiles in a process of its own, which takes MJML and the memory it needed along when it ends: what stays is text. */
async function compile(): Promise<MailSources> {
  const child = fork(PROGRAM, { serialization: "advanced", timeout: LIMIT, killSignal: "SIGKILL" });
  const closed = once(child, "close").then(() => undefined);
  const ended = await Promise.race([once(child, "message"), closed]);
  const [said]: [CompilingEnded?] = (ended ?? []) as [CompilingEnded?];
  await closed;
  if (said === undefined) throw new Error("The mails can't be compiled: their process ended without a word");
  if ("broken" in said) throw new Error(`The mails can't be compiled: ${said.broken}`);
  return said.sources;
}

/** A digest of everything that compiled mails depend on. */
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

/** Renamed into place, so that another process never reads half of it. */
async function keep(file: string, text: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, file);
}
