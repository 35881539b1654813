/** A request as lines of a shell have it. */
export interface ShellRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | undefined;
}

/**
 * Reads one `curl` with its here document as a shell and curl would, as far as our documentation goes: quotes, line ends
 * with a backslash, variables, `-g -X -H -d -u`. @throws for anything else, and for a variable that is not set.
 */
export function readCurl(command: string, variables: Record<string, string>): ShellRequest {
  const [line = "", document] = command
    .replaceAll("\\\n", " ")
    .split(/ (?:-d|--data-binary) @- <<END\n|\nEND$/);
  const [curl, ...words] = readWords(line, variables);
  if (curl !== "curl") throw new Error(`no curl: ${command}`);
  const request: ShellRequest = { method: "", url: "", headers: {}, body: undefined };
  const form: string[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "-g") continue;
    if (word === "-X") request.method = words.shift() ?? "";
    else if (word === "-d") form.push(words.shift() ?? "");
    else if (word === "-u")
      request.headers.Authorization = `Basic ${Buffer.from(words.shift() ?? "").toString("base64")}`;
    else if (word === "-H") {
      const [name = "", value = ""] = (words.shift() ?? "").split(/: (.*)/);
      request.headers[name] = value;
    } else if (word.startsWith("-")) throw new Error(`an option we don't use: ${word}`);
    else request.url = word;
  }
  request.body = document === undefined ? form.join("&") || undefined : fillIn(document, variables);
  if (form.length > 0) request.headers["Content-Type"] = "application/x-www-form-urlencoded";
  if (request.method === "") request.method = request.body === undefined ? "GET" : "POST";
  return request;
}

/** Words of a line: bare, in single quotes as they stand, in double quotes with variables filled in. */
function readWords(line: string, variables: Record<string, string>): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replaceAll(
      /'([^']*)'|"([^"]*)"/g,
      (_, single: string | undefined, double: string | undefined) =>
        single ?? fillIn(double ?? "", variables),
    ),
  );
}

function fillIn(text: string, variables: Record<string, string>): string {
  return text.replaceAll(/\$([A-Z_]+)/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`$${name} is not set`);
    return value;
  });
}
