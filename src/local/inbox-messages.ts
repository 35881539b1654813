import type { Address, Email } from "postal-mime";
import { arrivalOf, inboxFiles } from "./inbox-files.ts";

export type InboxMessage = {
  id: string;
  /** The addresses the mail was delivered to, comma-separated. */
  to: string;
  from: string;
  subject: string;
  /** Arrival. */
  date: string;
  text: string;
  html: string | null;
  links: string[];
  headers: { name: string; value: string }[];
};

export type InboxMessages = {
  /** Newest first. */
  list(count: number): Promise<InboxMessage[]>;
  count(): Promise<number>;
  read(id: string): Promise<InboxMessage | null>;
  readSource(id: string): Promise<Buffer | null>;
};

/** As many as an inbox keeps: listing all of them must not push out what it just read. */
const CACHED = 500;

/** Reads the folder an inbox writes. A stored mail never changes, so the most recently read ones stay parsed. */
export function inboxMessages(directory: string): InboxMessages {
  const files = inboxFiles(directory);
  const cache = new Map<string, InboxMessage>();

  async function read(id: string): Promise<InboxMessage | null> {
    const message = cache.get(id) ?? (await parse(id, await files.read(id)));
    if (!message) return null;
    cache.delete(id);
    cache.set(id, message);
    for (const oldest of cache.keys()) if (cache.size > CACHED) cache.delete(oldest);
    return message;
  }

  return {
    read,
    readSource: files.read,
    async list(count) {
      const messages = [];
      for (const id of (await files.list()).slice(0, count)) messages.push(await read(id));
      return messages.filter((message) => message !== null);
    },
    async count() {
      return (await files.list()).length;
    },
  };
}

/** postal-mime is a devDependency, loaded with the first mail that is read. A mail it refuses is shown as it came. */
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
    date: arrivalOf(id).toISOString(),
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

/** Every web address in a mail, once, in reading order: what a script needs to follow an invitation. */
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
