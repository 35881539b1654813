/** The beginning of a text, of at most `length` UTF-16 units, and no character cut in half. */
export function clip(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}
