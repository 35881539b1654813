/**
 * Invisible characters: control characters, direction overrides, zero-width characters and others that a font may
 * leave out, private-use characters, lone surrogates, annotation marks and the Braille blank.
 */
const UNSEEN =
  /\p{Cc}|\p{Bidi_Control}|\p{Default_Ignorable_Code_Point}|\p{Co}|\p{Cs}|[\u2800\ufff9-\ufffb]/v;

/** Letters of scripts that use a zero-width character to join letters or keep them apart. */
const JOINING = /[[\p{L}\p{M}]--[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hang}]]/v;

/** Text that needs such a character: a region's flag, a combined emoji, a joiner between letters, a variant. */
const NEEDED = [
  /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}/v,
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})/v,
  new RegExp(`(?<=${JOINING.source})[\\u200c\\u200d](?=${JOINING.source})`, "v"),
  // After a sign of its own script, such as a virama, even at the end of a word.
  /(?<=[\p{M}--[\p{sc=Zinh}\p{Default_Ignorable_Code_Point}]])[\u200c\u200d]/v,
  /(?<=[[\p{L}\p{N}\p{P}\p{S}]--\p{Default_Ignorable_Code_Point}])\p{Variation_Selector}/v,
];

const NEEDED_OR_UNSEEN = new RegExp(
  `(${NEEDED.map(({ source }) => source).join("|")})|${UNSEEN.source}`,
  "gv",
);

/**
 * More than three combining marks on one letter, which would climb over neighboring lines. Marks that belong to one
 * script stay in place, so eight of them are allowed: a Burmese syllable has five.
 */
const STACKED_MARKS = /([\p{sc=Zinh}&&\p{M}]{3})[\p{sc=Zinh}&&\p{M}]+|(\p{M}{8})\p{M}+/gv;

/** More combining marks than any script uses. Normalizing takes time that grows with the square of their number. */
const ENDLESS_MARKS = /(\p{M}{30})\p{M}+/gu;

/** Removes characters that are invisible but can deceive. Callers first turn other white space into plain spaces. */
export function cleanText(text: string): string {
  return text
    .replace(ENDLESS_MARKS, "$1")
    .normalize("NFC")
    .replace(NEEDED_OR_UNSEEN, (_, needed: string | undefined) => needed ?? "")
    .replace(STACKED_MARKS, "$1$2");
}

/** A dot before a possible top-level domain: at least two characters, the first a letter. */
const DOMAIN_DOT = /(?<=[^\s.．․｡])[.．․｡](?=\p{L}[\p{L}\p{N}\p{M}-])/gu;

/** The ideographic full stop, which browsers read as a domain's dot between Latin letters. Elsewhere it ends sentences. */
const IDEOGRAPHIC_DOT = /(?<=[a-z0-9-])。(?=[a-z][a-z0-9-])/giu;

/** Schemes that make a link with only a name or number after the colon. */
const BARE_SCHEME = /(?<![\p{L}\p{N}])(mailto|tel|sms|callto|sips?|skype|facetime|xmpp):(?=\S)/giu;

/** A share such as `\\server\share`. When Windows follows it, it reveals who its user is. */
const SHARE = /\\{2,}/g;

const IPV4 = /(?<!\d)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?!\d)/g;

/**
 * Keeps mail programs from turning text into links, and keeps it readable: `evil.example` becomes `evil·example`.
 *
 * The middle dot looks like the dot it replaces, exists in every font and, unlike full-width dots, is never mapped
 * back to a dot by browsers (UTS-46, NFKC). There is no list of top-level domains: new ones appear every year.
 */
export function defuseLinks(text: string): string {
  const plain = text.replace(BARE_SCHEME, "$1 ").replace(SHARE, "\\");
  return plain.replace(DOMAIN_DOT, "·").replace(IDEOGRAPHIC_DOT, "·").replace(IPV4, "$1·$2·$3·$4");
}
