import { formatJson } from "../lib/format-json.ts";

const JSON_API = "application/vnd.api+json";

export const OPERATOR = '-H "Authorization: Bearer $TOKEN"';
export const MEMBER = '-H "X-Session-ID: $MEMBER"';

interface Call {
  method: string;
  /** Path and query. `$NAME` in it, and in the body, stands for a variable of the shell. */
  url: string;
  body?: unknown;
  credential?: string;
  inEnvironment?: boolean;
}

/**
 * A request as lines for a shell. `-g`: curl would take the brackets of `filter[name]` for a pattern. The body is a here
 * document, in which a shell still fills in variables.
 */
export function curl({ method, url, body, credential = OPERATOR, inEnvironment = true }: Call): string {
  const verb = method === "GET" || (method === "POST" && body !== undefined) ? "" : `-X ${method} `;
  const sent = [credential, inEnvironment ? '-H "X-Environment: $ENVIRONMENT"' : ""].filter(
    (header) => header,
  );
  const lines = [`curl -g ${verb}"$GUILDHALL${url}"`, ...(sent.length > 0 ? [`  ${sent.join(" ")}`] : [])];
  if (body === undefined) return lines.join(" \\\n");
  lines.push(`  -H "Content-Type: ${JSON_API}" -d @- <<END`);
  return `${lines.join(" \\\n")}\n${formatJson(body, 88)}\nEND`;
}
