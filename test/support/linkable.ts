/**
 * Plain text that mail programs turn into links: a scheme, `www.`, a domain, an address, a dotted number, a Windows
 * share. Written from what they do, not from what we remove.
 */
const LINKABLE = [
  /[\p{L}][\p{L}\p{N}+.-]*:[/\\]{2}/iu,
  /(?<![\p{L}\p{N}])(?:mailto|tel|sms|callto|sips?|skype|facetime|xmpp):\S/iu,
  /(?<![\p{L}\p{N}])www\d*[.．․｡]\S/iu,
  /[\p{L}\p{N}\p{S}][.．․｡]\p{L}[\p{L}\p{N}-]/u,
  /[a-z0-9]。[a-z]{2}/iu,
  /[^\s@＠﹫]+[@＠﹫][^\s@＠﹫]/u,
  /(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)/,
  /(?<!\\)\\\\[\p{L}\p{N}]/u,
];

/** Nine digits or more, as in a telephone number. */
const TELEPHONE = /\p{Nd}(?:[^\p{L}\p{Nd}\n]{0,3}\p{Nd}){8}/u;

/** Returns the parts of a text that would become links, apart from the allowed ones. */
export function linkableIn(text: string, ours: string[]): string[] {
  const rest = ours.reduce((left, link) => left.replaceAll(link, " "), text);
  return LINKABLE.flatMap((pattern) => pattern.exec(rest)?.[0] ?? []);
}

export function telephonesIn(text: string): string[] {
  return TELEPHONE.exec(text)?.slice() ?? [];
}
