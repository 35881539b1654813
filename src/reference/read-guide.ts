import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Marked } from "marked";
import { packageRoot } from "../lib/package-root.ts";
import { guideTables } from "./guide-tables.ts";

/** The pages of `docs/guide`, in reading order. */
export const GUIDE_SLUGS = [
  "start",
  "environments",
  "credentials",
  "roles",
  "invitations",
  "invite-from-a-file",
  "emails",
  "requests",
  "lists",
  "errors",
  "idempotency",
  "limits",
  "bridge",
];

export interface GuidePage {
  slug: string;
  title: string;
  html: string;
  /** Its second-level headings. */
  sections: Array<{ id: string; title: string }>;
}

/** Where the service shows a page. The first page is the start of the documentation. */
export function guidePath(slug: string): string {
  return slug === "start" ? "/docs" : `/docs/${slug}`;
}

/** Renders the guide. @param base the service's address, for the examples. */
export function readGuide(base: string): GuidePage[] {
  return GUIDE_SLUGS.map((slug) => {
    const markdown = readFileSync(join(packageRoot(), "docs", "guide", `${slug}.md`), "utf8");
    return { slug, ...renderMarkdown(withTables(markdown.replaceAll("http://localhost:3000", base))) };
  });
}

/** Puts generated tables in place of comments such as `<!-- permissions -->`. */
function withTables(markdown: string): string {
  return markdown.replaceAll(/^<!-- ([\w-]+) -->$/gm, (_, name: string) => {
    const table = guideTables[name];
    if (table === undefined) throw new Error(`the guide has no table ${name}`);
    return table;
  });
}

function renderMarkdown(markdown: string): Omit<GuidePage, "slug"> {
  const headings: Array<{ id: string; title: string; depth: number }> = [];
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        const title = text.replaceAll("`", "");
        const id = title
          .toLowerCase()
          .replaceAll(/[^a-z0-9]+/g, "-")
          .replaceAll(/^-|-$/g, "");
        headings.push({ id, title, depth });
        const link = depth === 1 ? "" : ` <a class="anchor" href="#${id}" aria-label="Link to ${id}">#</a>`;
        return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}${link}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const [file = "", anchor] = href.split("#");
        const path = file.endsWith(".md") ? guidePath(file.replace(".md", "")) : file;
        return `<a href="${path}${anchor === undefined ? "" : `#${anchor}`}">${this.parser.parseInline(tokens)}</a>`;
      },
      // The guide is Markdown alone.
      html({ text }) {
        throw new Error(`the guide holds HTML: ${text}`);
      },
    },
  });
  const html = marked
    .parse(markdown, { async: false })
    .replaceAll("<table>", '<div class="table" tabindex="0"><table>')
    .replaceAll("</table>", "</table></div>")
    .replaceAll("<pre>", '<pre tabindex="0">');
  return {
    title: headings[0]?.title ?? "",
    html,
    sections: headings.filter(({ depth }) => depth === 2),
  };
}
