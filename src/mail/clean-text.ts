/**
 * Controls, direction overrides, zero-width characters and everything else that a font may leave out, private use, lone
 * surrogates, annotation marks and the blank of Braille.
 */
const UNSEEN =
  /\p{Cc}|\p{Bidi_Control}|\p{Default_Ignorable_Code_Point}|\p{Co}|\p{Cs}|[\u2800\ufff9-\ufffb]/v;

/** Letters of scripts that join letters, or keep them apart, by a zero-width character. */
const JOINING = /[[\p{L}\p{M}]--[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hang}]]/v;

/** What needs such a character to be read: the flag of a region, an emoji made of several, a joiner between letters, a variant. */
const NEEDED = [
  /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}/v,
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})/v,
  new RegExp(`(?<=${JOINING.source})[\\u200c\\u200d](?=${JOINING.source})`, "v"),
  // After a sign of its own script, such as the one that takes a consonant's vowel, also at the end of a word.
  /(?<=[\p{M}--[\p{sc=Zinh}\p{Default_Ignorable_Code_Point}]])[\u200c\u200d]/v,
  /(?<=[[\p{L}\p{N}\p{P}\p{S}]--\p{Default_Ignorable_Code_Point}])\p{Variation_Selector}/v,
];

const NEEDED_OR_UNSEEN = new RegExp(
  `(${NEEDED.map(({ source }) => source).join("|")})|${UNSEEN.source}`,
  "gv",
);

/**
 * Marks that go with any letter climb over the neighbouring lines when more than three of them stand on one. The marks of
 * a script of its own know their place: a Burmese syllable has five.
 */
const STACKED_MARKS = /([\p{sc=Zinh}&&\p{M}]{3})[\p{sc=Zinh}&&\p{M}]+|(\p{M}{8})\p{M}+/gv;

/** No script writes as many. Putting them in order takes time that grows with the square of their number. */
const ENDLESS_MARKS = /(\p{M}{30})\p{M}+/gu;

/** Removes what cannot be seen but can deceive. White space other than the plain space must be handled before. */
export function cleanText(text: string): string {
  return text
    .replace(ENDLESS_MARKS, "$1")
    .normalize("NFC")
    .replace(NEEDED_OR_UNSEEN, (_, needed: string | undefined) => needed ?? "")
    .replace(STACKED_MARKS, "$1$2");
}
