import { execFile } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Child } from "./process.ts";

const run = promisify(execFile);

// biome-ignore lint/suspicious/noExplicitAny: documents of every shape, and a wrong path fails the test.
export type Paste = () => Promise<any>;

/**
 * Runs commands that the welcome prints by pasting them into a shell. Their output is the API's response.
 * @param directory for a substitute if the machine has no curl.
 */
export async function pastable(guildhall: Child, directory: string): Promise<[Paste, Paste]> {
  const path = await pathWithCurl(directory);
  const commands = [...guildhall.stdout().matchAll(/^ {2}curl (?:.*\\\n)*.*$/gm)].map(
    ([command]) =>
      async () => {
        const { stdout } = await run("sh", ["-c", command], { env: { PATH: path } });
        return JSON.parse(stdout);
      },
  );
  const [invite, showMembers] = commands;
  if (invite === undefined || showMembers === undefined) throw new Error("the welcome prints too few lines");
  return [invite, showMembers];
}

/** Writes a few lines of Node that replace curl if the machine has none, so that a shell still reads the printed line. */
export async function pathWithCurl(directory: string): Promise<string> {
  const PATH = process.env.PATH ?? "";
  const hasCurl = await run("curl", ["--version"]).then(
    () => true,
    () => false,
  );
  if (hasCurl) return PATH;
  const program = `#!${process.execPath}
    const options = { headers: {} };
    const data = [];
    let url, format = "";
    for (const args = process.argv.slice(2); args.length > 0; ) {
      const arg = args.shift();
      if (arg === "-X") options.method = args.shift();
      else if (arg === "-d" || arg === "--data-binary") data.push(args.shift());
      else if (arg === "-w") format = args.shift();
      else if (arg === "-u") options.headers.Authorization = "Basic " + btoa(args.shift());
      else if (arg === "-H") Object.assign(options.headers, Object.fromEntries([args.shift().split(": ")]));
      else if (!arg.startsWith("-")) url = arg;
    }
    if (data.length > 0) {
      options.body = data[0] === "@-" ? require("node:fs").readFileSync(0, "utf8") : data.join("&");
      options.headers = { "Content-Type": "application/x-www-form-urlencoded", ...options.headers };
      options.method ??= "POST";
    }
    fetch(url, options).then(async (answer) => {
      process.stdout.write((await answer.text()) + format.replace("\\n", "\n").replace("%{http_code}", answer.status));
    });
  `;
  await writeFile(join(directory, "curl"), program);
  await chmod(join(directory, "curl"), 0o755);
  return directory + delimiter + PATH;
}
