import { type DefaultTreeAdapterTypes, parse } from "parse5";

type Node = DefaultTreeAdapterTypes.Node;

/** HTML as a browser reads it, parsed by parse5. */
export interface Skeleton {
  /** All elements with their attributes, and all comments, in order. Without `<br>`, because a message may have many. */
  elements: string[];
  /** The visible text, each run on its own line. */
  words: string;
}

/** Attributes whose value a screen reader reads out. */
const SPOKEN = new Set(["aria-label", "alt", "title"]);

export function skeletonOf(html: string): Skeleton {
  const elements: string[] = [];
  const words: string[] = [];
  walk(parse(html));
  return { elements, words: words.join("\n") };

  function walk(node: Node): void {
    if (node.nodeName === "br") return;
    if ("data" in node) elements.push(`<!--${node.data}-->`);
    if ("value" in node) words.push(node.value);
    if ("attrs" in node) {
      const attributes = node.attrs.filter(({ name }) => !SPOKEN.has(name));
      elements.push([node.tagName, ...attributes.map(({ name, value }) => `${name}=${value}`)].join(" "));
      words.push(...node.attrs.filter(({ name }) => SPOKEN.has(name)).map(({ value }) => value));
    }
    // The content of <style> and <script> isn't visible.
    if ("childNodes" in node && node.nodeName !== "style") for (const child of node.childNodes) walk(child);
  }
}
