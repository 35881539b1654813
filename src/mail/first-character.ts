const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The letter, or other sign, that stands for an organization where others have a logo. */
export function firstCharacter(name: string): string {
  const [first] = graphemes.segment(name);
  return (first?.segment ?? "").toUpperCase();
}
