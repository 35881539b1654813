import { fork } from "node:child_process";
import { once } from "node:events";
import { extname, join } from "node:path";
import type { MailSources } from "./parse-mail.ts";

/** What the process that compiles says at its end. */
export type CompilingEnded = { sources: MailSources } | { broken: string };

/** This runs as `.ts` and, once built, as `.js`. */
const PROGRAM = join(import.meta.dirname, `compile-mails-process${extname(import.meta.filename)}`);

/** Milliseconds; it takes one or two seconds. */
const LIMIT = 60_000;

/**
 * Compiles the mails in a process of its own, which takes MJML and the memory it needed along when it ends: what
 * stays is text.
 * @throws what is wrong with a template or a text.
 */
export async function compileMailsApart(): Promise<MailSources> {
  const child = fork(PROGRAM, { serialization: "advanced", timeout: LIMIT, killSignal: "SIGKILL" });
  const closed = once(child, "close").then(() => undefined);
  const ended = await Promise.race([once(child, "message"), closed]);
  const [said]: [CompilingEnded?] = (ended ?? []) as [CompilingEnded?];
  await closed;
  if (said === undefined) throw new Error("The mails can't be compiled: their process ended without a word");
  if ("broken" in said) throw new Error(`The mails can't be compiled: ${said.broken}`);
  return said.sources;
}
