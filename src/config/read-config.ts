import { configContradictions } from "./contradictions.ts";
import { type Config, type Role, Variables } from "./variables.ts";

/** The error for a configuration that Guildhall can't start with. Its message is shown without a stack. */
export class ConfigError extends Error {}

/**
 * Reads and checks all variables. An empty variable counts as unset.
 * @throws ConfigError that names each invalid, contradictory or missing variable.
 */
export function readConfig(environment: Record<string, string | undefined>, role: Role): Config {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Variables.safeParse(set);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`).join("\n"),
    );
  }
  const production = parsed.data.NODE_ENV === "production";
  // A developer's machine must not serve its network, least of all an inbox that anyone may read.
  const HOST = parsed.data.HOST ?? (production ? "::" : "127.0.0.1");
  const config = { ...parsed.data, HOST, role, production };
  const problems = configContradictions(config);
  if (problems.length > 0) throw new ConfigError(problems.join("\n"));
  return config;
}
