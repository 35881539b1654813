import type { SpawnOptions } from "node:child_process";
import type { ServerUser } from "./server-user.ts";

/** How Postgres programs are spawned: as their user, free of our PG* variables, from a directory they can enter. */
export function serverProcess(user: ServerUser | undefined): SpawnOptions {
  return { ...user, cwd: "/", env: { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" } };
}
