/** Returns the start of a text: at most `length` UTF-16 units, without cutting a character in half. */
export function clip(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}
