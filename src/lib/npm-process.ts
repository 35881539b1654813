import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Returns the id of the npm that started this process by one of its scripts. npm runs a script by a shell; some shells
 * become the script, others stay between the two.
 */
export function npmProcess(): number {
  const { parent, name } = processInfo(process.ppid);
  return /^-?(?:.*\/)?(?:ba|da|k|z)?sh$/.test(name) ? parent : process.ppid;
}

function processInfo(pid: number): { parent: number; name: string } {
  if (process.platform === "linux") {
    // "123 (name) S 45 …"; a name may itself hold parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const end = stat.lastIndexOf(")");
    return {
      parent: Number(stat.slice(end + 4).split(" ")[0]),
      name: stat.slice(stat.indexOf("(") + 1, end),
    };
  }
  if (process.platform === "win32") return { parent: process.ppid, name: "" };
  const line = execFileSync("ps", ["-p", String(pid), "-o", "ppid=,comm="], { encoding: "utf8" }).trim();
  return { parent: Number.parseInt(line, 10), name: line.replace(/^\d+ +/, "") };
}

/** Returns whether a process with this id is running. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is running, but belongs to another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
