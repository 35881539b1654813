const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A sentence of ours as HTML: escaped, with what stands between backticks as code, and `[words](/path)` as a link. */
export function inlineCode(sentence: string): string {
  const escaped = sentence.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
  return escaped
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll(/\[([^\]]+)\]\((\/[^)]+)\)/g, '<a href="$2">$1</a>');
}
