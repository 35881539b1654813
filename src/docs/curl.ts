import { formatJson } from "../lib/format-json.ts";

export const JSON_API = "application/vnd.api+json";
export const JSON_OBJECT = "application/json";

export const OPERATOR = '-H "Authorization: Bearer $TOKEN"';
export const SESSION = '-H "X-Session-ID: $SESSION"';
export const MEMBER = '-H "X-Session-ID: $MEMBER"';

interface Call {
  method: string;
  /** Path and query. `$NAME` in it, and in the body, stands for a variable of the shell. */
  url: string;
  body?: unknown;
  /** What the body is sent as. */
  mediaType?: string;
  /** The body in a form of its own, instead. */
  text?: { mediaType: string; body: string };
  credential?: string;
  inEnvironment?: boolean;
}

/**
 * A request as lines for a shell. `-g`: curl would take the brackets of `filter[name]` for a pattern. The body is a here
 * document, in which a shell still fills in variables.
 */
export function curl({
  method,
  url,
  body,
  text,
  mediaType = JSON_API,
  credential = OPERATOR,
  inEnvironment = true,
}: Call): string {
  const hasBody = body !== undefined || text !== undefined;
  const verb = method === "GET" || (method === "POST" && hasBody) ? "" : `-X ${method} `;
  const brackets = url.includes("[") || mediaType === JSON_API ? "-g " : "";
  const sent = [credential, inEnvironment ? '-H "X-Environment: $ENVIRONMENT"' : ""].filter(
    (header) => header,
  );
  const lines = [
    `curl ${brackets}${verb}"$GUILDHALL${url}"`,
    ...(sent.length > 0 ? [`  ${sent.join(" ")}`] : []),
  ];
  if (text !== undefined) {
    // As it is: `-d` would take the line ends away.
    lines.push(`  -H "Content-Type: ${text.mediaType}" --data-binary @- <<END`);
    return `${lines.join(" \\\n")}\n${text.body.trimEnd()}\nEND`;
  }
  if (body === undefined) return lines.join(" \\\n");
  lines.push(`  -H "Content-Type: ${mediaType}" -d @- <<END`);
  return `${lines.join(" \\\n")}\n${formatJson(body, 88)}\nEND`;
}
