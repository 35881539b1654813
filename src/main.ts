import { runsOn } from "./lib/runs-on.ts";

// Imports the rest only after the check. Otherwise an older Node would fail somewhere inside with a stack trace.
if (runsOn(process.versions.node)) {
  const { runCommand } = await import("./run-command.ts");
  await runCommand(process.argv[2] ?? "all");
} else {
  process.stderr.write(
    `Guildhall needs Node 20.19 or newer, and this is ${process.versions.node}: install the current LTS from https://nodejs.org and start again.\n`,
  );
  process.exitCode = 1;
}
