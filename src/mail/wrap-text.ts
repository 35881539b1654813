/** RFC 3676 §4.2 asks for 78 at most; a reader who quotes the mail needs two of them. */
const WIDTH = 76;

/**
 * Breaks the long lines of a plain text between words, as a person would who types a mail. A link stays in one piece,
 * and a quoted line goes on as a quoted line. What has no spaces is as long as it is.
 */
export function wrapText(text: string): string {
  return text.split("\n").map(wrapLine).join("\n");
}

function wrapLine(line: string): string {
  if ([...line].length <= WIDTH) return line;
  const quote = line.startsWith("> ") ? "> " : "";
  const lines: string[] = [];
  let current = "";
  for (const word of line.slice(quote.length).split(" ")) {
    const longer = current === "" ? word : `${current} ${word}`;
    if (current !== "" && [...(quote + longer)].length > WIDTH) {
      lines.push(current);
      current = word;
    } else {
      current = longer;
    }
  }
  return [...lines, current].map((piece) => quote + piece).join("\n");
}
