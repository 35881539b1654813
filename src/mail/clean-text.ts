/**
 * Control and format characters: the C0/C1 sets, bidi overrides and isolates, zero-width characters, soft hyphens,
 * tags, private use and lone surrogates; then the letters that render as nothing.
 */
const INVISIBLE = /\p{Cc}|\p{Cf}|\p{Co}|\p{Cs}|\u034f|[\u115f\u1160\u2800\u3164\uffa0]|\u17b4|\u17b5/gu;

/** More than three marks on one letter climb over the neighbouring lines. */
const STACKED_MARKS = /(\p{M}{3})\p{M}+/gu;

/** No script writes as many. Putting them in order takes time that grows with the square of their number. */
const ENDLESS_MARKS = /(\p{M}{30})\p{M}+/gu;

/** Removes what cannot be seen but can deceive. White space other than the plain space must be handled before. */
export function cleanText(text: string): string {
  return text
    .replace(ENDLESS_MARKS, "$1")
    .normalize("NFC")
    .replace(INVISIBLE, "")
    .replace(STACKED_MARKS, "$1");
}
