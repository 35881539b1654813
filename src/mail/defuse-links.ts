/** A dot between a label and something that may be a top-level domain: at least two characters, the first a letter. */
const DOMAIN_DOT = /(?<=[^\s.．․｡])[.．․｡](?=\p{L}[\p{L}\p{N}\p{M}-])/gu;

/** The ideographic full stop ends sentences, but between Latin letters browsers read it as the dot of a domain. */
const IDEOGRAPHIC_DOT = /(?<=[a-z0-9-])。(?=[a-z][a-z0-9-])/giu;

/** Written with nothing after the colon but a name or a number, these too are links. */
const BARE_SCHEME = /(?<![\p{L}\p{N}])(mailto|tel|sms|callto|sips?|skype|facetime|xmpp):(?=\S)/giu;

/** `\\server\share`: to follow it, Windows says who its user is. */
const SHARE = /\\{2,}/g;

const IPV4 = /(?<!\d)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?!\d)/g;

/**
 * Keeps mail clients from turning text into links, and leaves it readable: `evil.example` becomes `evil·example`.
 *
 * The middle dot looks like the dot it replaces, exists in every font and, unlike full-width dots, is never mapped
 * back to a dot by browsers (UTS-46, NFKC). Which top-level domains exist is not asked: new ones appear every year.
 */
export function defuseLinks(text: string): string {
  const plain = text.replace(BARE_SCHEME, "$1 ").replace(SHARE, "\\");
  return plain.replace(DOMAIN_DOT, "·").replace(IDEOGRAPHIC_DOT, "·").replace(IPV4, "$1·$2·$3·$4");
}
