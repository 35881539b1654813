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
