import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Address, Email } from "postal-mime";

export type InboxMessage = {
  id: string;
  /** The addresses the email was delivered to, comma-separated. */
  to: string;
  from: string;
  subject: string;
  /** The time of arrival. */
  date: string;
  text: string;
  html: string | null;
  links: string[];
  headers: { name: string; value: string }[];
};

const ID = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{8}$/;
const EXTENSION = ".eml";

/** As many as an inbox keeps, so that listing all of them evicts nothing. */
const CACHED = 500;

/** Opens a folder of emails, one file each. File names sort by time of arrival. */
export function inboxStore(directory: string) {
  // A stored email never changes, so the most recently read ones stay parsed.
  const parsed = new Map<string, InboxMessage>();
  const pathOf = (id: string) => join(directory, id + EXTENSION);

  async function ids(): Promise<string[]> {
    const names = await readdir(directory).catch(() => []);
    const emails = names.filter((name) => name.endsWith(EXTENSION));
    return emails
      .map((name) => name.slice(0, -EXTENSION.length))
      .filter((id) => ID.test(id))
      .sort()
      .reverse();
  }

  async function read(id: string): Promise<InboxMessage | null> {
    const message = parsed.get(id) ?? (await parse(id, await readSource(id)));
    if (!message) return null;
    parsed.delete(id);
    parsed.set(id, message);
    for (const oldest of parsed.keys()) if (parsed.size > CACHED) parsed.delete(oldest);
    return message;
  }

  /** Reads a file. Ids come from URLs, so only a well-formed id becomes a path. */
  async function readSource(id: string): Promise<Buffer | null> {
    return ID.test(id) ? await readFile(pathOf(id)).catch(() => null) : null;
  }

  return {
    read,
    readSource,
    /** Adds an email, removes all but the newest `keep`, and returns its id. */
    async add(source: Uint8Array, keep: number): Promise<string> {
      const id = nextId();
      const unfinished = join(directory, `${id}.tmp`);
      // Emails hold links that work, so other users of the machine can't read them.
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(unfinished, source);
      await rename(unfinished, pathOf(id));
      const old = (await ids()).slice(keep);
      await Promise.all(old.map((each) => rm(pathOf(each), { force: true })));
      return id;
    },
    /** Returns the newest emails, newest first. */
    async list(count: number): Promise<InboxMessage[]> {
      const messages = [];
      for (const id of (await ids()).slice(0, count)) messages.push(await read(id));
      return messages.filter((message) => message !== null);
    },
    async count(): Promise<number> {
      return (await ids()).length;
    },
  };
}

let lastTime = 0;

/** Returns a new id. Never uses a millisecond twice, so emails that arrive together keep their order. */
function nextId(): string {
  lastTime = Math.max(Date.now(), lastTime + 1);
  const time = new Date(lastTime).toISOString().replace(/[-:.]/g, "");
  return `${time}-${randomBytes(4).toString("hex")}`;
}

/** Parses an email. Loads postal-mime, a devDependency, only now. An email that it can't parse is shown as it arrived. */
async function parse(id: string, source: Buffer | null): Promise<InboxMessage | null> {
  if (!source) return null;
  const { default: PostalMime } = await import("postal-mime");
  const unreadable: Email = { headers: [], headerLines: [], attachments: [], text: source.toString() };
  const email = await PostalMime.parse(source).catch(() => unreadable);
  const text = email.text ?? "";
  const html = email.html ?? null;
  return {
    id,
    to: email.headers[0]?.value ?? "",
    from: email.from ? formatAddress(email.from) : "",
    subject: email.subject ?? "",
    date: id.replace(ID, "$1-$2-$3T$4:$5:$6.$7Z"),
    text,
    html,
    links: linksIn(text, html),
    headers: email.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
  };
}

function formatAddress({ name, address }: Address): string {
  if (!address) return name;
  return name ? `${name} <${address}>` : address;
}

const HREF = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)')/gi;
const PLAIN = /https?:\/\/[^\s<>"']+/g;
const ENTITIES: Record<string, string> = {
  "&amp;": "&",
  "&quot;": '"',
  "&lt;": "<",
  "&gt;": ">",
  "&apos;": "'",
};

/** Returns every web address in an email once, in reading order, so that a script can follow an invitation. */
export function linksIn(text: string, html: string | null): string[] {
  const hrefs = [...(html ?? "").matchAll(HREF)].map(([, double, single]) => decode(double ?? single ?? ""));
  const links = [...hrefs.filter((href) => /^https?:/i.test(href)), ...(text.match(PLAIN) ?? [])];
  return [...new Set(links)];
}

function decode(attribute: string): string {
  return attribute
    .replace(/&#x([0-9a-f]{1,6});/gi, (_, code: string) => fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&#(\d{1,7});/g, (_, code: string) => fromCodePoint(Number(code)))
    .replace(/&(?:amp|quot|lt|gt|apos);/g, (entity) => ENTITIES[entity] ?? entity);
}

function fromCodePoint(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : "";
}
