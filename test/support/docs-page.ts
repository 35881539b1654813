import { readCurl } from "./shell.ts";

export interface DocsPage {
  html: string;
  headers: Headers;
  /** Every block of code that is a request. */
  requests: string[];
  /** The steps of the guided walk. */
  steps: Array<{ command: string; status: number; keep: Array<{ name: string; from: string }> }>;
}

/** A page of the documentation, as a browser gets it. */
export async function readDocsPage(url: string): Promise<DocsPage> {
  const answer = await fetch(url, { headers: { Accept: "text/html" } });
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status}`);
  const html = await answer.text();
  const blocks = [...html.matchAll(/<pre[^>]*><code>([^<]*)<\/code><\/pre>/g)].map(([, code = ""]) =>
    unescapeHtml(code),
  );
  const steps = [
    ...html.matchAll(/<pre class="command" data-status="(\d+)" data-keep="([^"]*)"><code>([^<]*)<\/code>/g),
  ].map(([, status, keep = "", code = ""]) => ({
    command: unescapeHtml(code),
    status: Number(status),
    keep: unescapeHtml(keep)
      .split(" ")
      .filter((pair) => pair !== "")
      .map((pair) => pair.split("="))
      .map(([name = "", from = ""]) => ({ name, from })),
  }));
  const requests = blocks.filter((code) => code.startsWith("curl"));
  return { html, headers: answer.headers, requests, steps };
}

/** Runs a request as it is printed. */
export async function runPrinted(command: string, variables: Record<string, string>) {
  const { method, url, headers, body } = readCurl(command, variables);
  const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
}

/**
 * Walks the guided walk as somebody would who pastes it: what a step says to keep is a variable from then on.
 * @throws for a step that answers another status than the page says.
 */
export async function walkThrough({ steps }: Pick<DocsPage, "steps">, variables: Record<string, string>) {
  const answers: Array<{ status: number; body: unknown }> = [];
  for (const { command, status, keep } of steps) {
    const answer = await runPrinted(command, variables);
    if (answer.status !== status)
      throw new Error(`${answer.status} instead of ${status}: ${command}\n${JSON.stringify(answer.body)}`);
    for (const { name, from } of keep) {
      const value = valueAt(answer.body, from);
      if (value === undefined) throw new Error(`nothing at ${from} to keep: ${command}`);
      variables[name] = String(value);
    }
    answers.push(answer);
  }
  return answers;
}

/** Text as it was before it was escaped for HTML. */
function unescapeHtml(html: string): string {
  return html
    .replaceAll(/&#x([0-9A-F]+);/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&nbsp;", " ")
    .replaceAll("&amp;", "&");
}

/** `included[0].id` of a document. */
function valueAt(document: unknown, path: string): unknown {
  const names = path.split(/[.[\]]+/);
  return names.reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], document);
}
