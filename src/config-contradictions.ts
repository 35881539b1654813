import type { Config } from "./config.ts";
import { isWeakSecret } from "./lib/weak-secret.ts";

/** What production must be told, since nothing embedded starts and nothing is made up there. */
const REQUIRED_IN_PRODUCTION = [
  "DATABASE_URL",
  "SMTP_URL",
  "PUBLIC_URL",
  "MAIL_FROM",
  "SECRET_KEY",
  "ADMIN_TOKEN",
] as const;

/** Whoever guesses one of these signs links, reads or does what is not theirs. */
const SECRETS = [
  "SECRET_KEY",
  "ADMIN_TOKEN",
  "METRICS_TOKEN",
  "MAIL_EVENTS_SECRET",
  "BRIDGE_VALIDATION_SECRET",
] as const;

/** What is worth nothing without the other. */
const PAIRS = [
  ["SESSION_VALIDATION_URL", "BRIDGE_VALIDATION_SECRET"],
  ["OIDC_ISSUER", "OIDC_AUDIENCE"],
] as const;

/**
 * What is wrong with variables that are each well formed: one that is missing, or that contradicts another.
 * @returns a sentence for each, that begins with the variable's name.
 */
export function configContradictions(config: Config): string[] {
  const problems: string[] = [];
  const required = config.role === "migrate" ? (["DATABASE_URL"] as const) : REQUIRED_IN_PRODUCTION;
  if (config.production) {
    for (const name of required)
      if (config[name] === undefined)
        problems.push(`${name} is missing: NODE_ENV=production starts nothing embedded`);
  } else if (config.role !== "all" && config.DATABASE_URL === undefined) {
    problems.push(`DATABASE_URL is missing: only \`npm start\` brings its own Postgres`);
  }
  if (config.SECRET_KEY !== undefined && config.SECRET_KEYS_PREVIOUS.includes(config.SECRET_KEY)) {
    problems.push("SECRET_KEYS_PREVIOUS contains SECRET_KEY: a key is either current or previous");
  }
  if (config.METRICS_TOKEN !== undefined && config.METRICS_TOKEN === config.ADMIN_TOKEN) {
    problems.push("METRICS_TOKEN is ADMIN_TOKEN: whoever reads metrics could do everything");
  }
  for (const [one, other] of PAIRS) {
    if (config[one] !== undefined && config[other] === undefined)
      problems.push(`${other} is missing: ${one} needs it`);
    if (config[other] !== undefined && config[one] === undefined)
      problems.push(`${one} is missing: ${other} needs it`);
  }
  if (config.production && config.role !== "migrate") problems.push(...weakSecrets(config));
  problems.push(...dkimProblems(config));
  const { OIDC_ISSUER, OIDC_TRUST_EMAIL, PUBLIC_URL } = config;
  if (OIDC_TRUST_EMAIL && OIDC_ISSUER === undefined)
    problems.push("OIDC_ISSUER is missing: OIDC_TRUST_EMAIL needs it");
  if (OIDC_ISSUER !== undefined && OIDC_ISSUER.replace(/\/$/, "") === PUBLIC_URL?.replace(/\/$/, "")) {
    problems.push(
      "OIDC_ISSUER is PUBLIC_URL: people sign in elsewhere, this service issues no token to them",
    );
  }
  return problems;
}

/** A developer's machine may be open; in production a secret that anyone could guess is refused. */
function weakSecrets(config: Config): string[] {
  const given = SECRETS.map((name) => ({ name, values: [config[name] ?? ""] }));
  return [...given, { name: "SECRET_KEYS_PREVIOUS", values: config.SECRET_KEYS_PREVIOUS }]
    .filter(({ values }) => values.some((value) => value !== "" && isWeakSecret(value)))
    .map(({ name }) => `${name} is a placeholder or easy to guess: make one with \`openssl rand -hex 32\``);
}

/** All of it or nothing: half of it would send mails unsigned, and nobody would know. */
function dkimProblems(config: Config): string[] {
  const { DKIM_PRIVATE_KEY, DKIM_PRIVATE_KEY_FILE } = config;
  if (DKIM_PRIVATE_KEY !== undefined && DKIM_PRIVATE_KEY_FILE !== undefined)
    return ["DKIM_PRIVATE_KEY_FILE is set beside DKIM_PRIVATE_KEY: there is one key"];
  const parts = {
    DKIM_DOMAIN: config.DKIM_DOMAIN,
    DKIM_SELECTOR: config.DKIM_SELECTOR,
    DKIM_PRIVATE_KEY: DKIM_PRIVATE_KEY ?? DKIM_PRIVATE_KEY_FILE,
  };
  const missing = Object.entries(parts).filter(([, value]) => value === undefined);
  if (missing.length === 0 || missing.length === Object.keys(parts).length) return [];
  return missing.map(([name]) => `${name} is missing: mails are signed with all of DKIM_* or not at all`);
}
