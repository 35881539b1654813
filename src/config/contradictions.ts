import type { Config } from "./variables.ts";

/** Variables that production needs, because it starts nothing embedded and generates nothing. */
const REQUIRED_IN_PRODUCTION = [
  "DATABASE_URL",
  "SMTP_URL",
  "PUBLIC_URL",
  "MAIL_FROM",
  "SECRET_KEY",
  "ADMIN_TOKEN",
] as const;

/** Secrets: anyone who guesses one can sign links, or read and change what belongs to others. */
const SECRETS = [
  "SECRET_KEY",
  "ADMIN_TOKEN",
  "METRICS_TOKEN",
  "MAIL_EVENTS_SECRET",
  "BRIDGE_VALIDATION_SECRET",
] as const;

/** Variables that only work together. */
const PAIRS = [
  ["SESSION_VALIDATION_URL", "BRIDGE_VALIDATION_SECRET"],
  ["OIDC_ISSUER", "OIDC_AUDIENCE"],
] as const;

/**
 * Finds variables that are missing, or that contradict each other although each of them is valid.
 * @returns a sentence for each problem, starting with the variable's name.
 */
export function configContradictions(config: Config): string[] {
  const problems: string[] = [];
  const required = config.role === "migrate" ? (["DATABASE_URL"] as const) : REQUIRED_IN_PRODUCTION;
  if (config.production) {
    for (const name of required)
      if (config[name] === undefined)
        problems.push(`${name} is missing: NODE_ENV=production starts nothing embedded`);
  } else if (config.role !== "all" && config.DATABASE_URL === undefined) {
    problems.push(`DATABASE_URL is missing: only \`npm start\` starts its own Postgres`);
  }
  if (config.SECRET_KEY !== undefined && config.SECRET_KEYS_PREVIOUS.includes(config.SECRET_KEY)) {
    problems.push("SECRET_KEYS_PREVIOUS contains SECRET_KEY: a key is either current or previous");
  }
  if (config.METRICS_TOKEN !== undefined && config.METRICS_TOKEN === config.ADMIN_TOKEN) {
    problems.push("METRICS_TOKEN is the same as ADMIN_TOKEN: anyone who reads metrics could do everything");
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
      "OIDC_ISSUER is the same as PUBLIC_URL: people sign in somewhere else, and this service issues no tokens to them",
    );
  }
  return problems;
}

/** Finds secrets that anyone could guess. Only production refuses them. */
function weakSecrets(config: Config): string[] {
  const given = SECRETS.map((name) => ({ name, values: [config[name] ?? ""] }));
  return [...given, { name: "SECRET_KEYS_PREVIOUS", values: config.SECRET_KEYS_PREVIOUS }]
    .filter(({ values }) => values.some((value) => value !== "" && isWeakSecret(value)))
    .map(({ name }) => `${name} is a placeholder or easy to guess: make one with \`openssl rand -hex 32\``);
}

/** Finds missing DKIM variables if some are set. With only some of them, emails would silently go unsigned. */
function dkimProblems(config: Config): string[] {
  const { DKIM_PRIVATE_KEY, DKIM_PRIVATE_KEY_FILE } = config;
  if (DKIM_PRIVATE_KEY !== undefined && DKIM_PRIVATE_KEY_FILE !== undefined)
    return ["DKIM_PRIVATE_KEY and DKIM_PRIVATE_KEY_FILE are both set: set only one"];
  const parts = {
    DKIM_DOMAIN: config.DKIM_DOMAIN,
    DKIM_SELECTOR: config.DKIM_SELECTOR,
    DKIM_PRIVATE_KEY: DKIM_PRIVATE_KEY ?? DKIM_PRIVATE_KEY_FILE,
  };
  const missing = Object.entries(parts).filter(([, value]) => value === undefined);
  if (missing.length === 0 || missing.length === Object.keys(parts).length) return [];
  return missing.map(([name]) => `${name} is missing: signing emails needs all of DKIM_*`);
}

/** Placeholders in examples, guides and compose files. */
const PLACEHOLDER =
  /change[\s_.-]*(me|this|it)|replace[\s_.-]*(me|this|with)|(insert|put|enter|paste)[\s_.-]*(your|here)|your[\s_.-]*(own|secret|token|key|password)|placeholder|the-very-same/i;

/** Words that people use when they don't want to think. A secret that consists of little else is worthless. */
const COMMON =
  /pass(word|wd|phrase)?|pwd|secrets?|tokens?|keys?|admin(istrator)?|root|users?|guildhall|default|example|sample|dummy|test(ing)?|demo|dev(elopment)?|prod(uction)?|staging|local(host)?|super|very|long|strong|secure|insecure|private|please|letmein|welcome|qwert[yz](uiop)?|asdf(ghjkl)?|hello|world|(?<![a-z\d])(my|our|the|this|is|an?|not)(?![a-z\d])/gi;

/**
 * Returns true for a secret that anyone could guess, even a long one: a placeholder, a repetition, a sequence, or
 * common words. It can't prove that a secret is good.
 */
export function isWeakSecret(secret: string): boolean {
  return PLACEHOLDER.test(secret) || isMonotonous(secret) || isCommon(secret);
}

/** Detects `aaaa…`, `abababab…`, `secretsecret…`, `0123456789…`, `zyxw…`. */
function isMonotonous(secret: string): boolean {
  const period = (secret + secret).indexOf(secret, 1);
  const codes = [...secret].map((character) => character.charCodeAt(0));
  const steps = codes.filter((code, n) => n > 0 && Math.abs(code - (codes[n - 1] ?? 0)) <= 1).length;
  return period < secret.length || new Set(codes).size < 5 || steps * 4 > codes.length * 3;
}

function isCommon(secret: string): boolean {
  const rest = secret.replace(COMMON, " ");
  if (rest === secret) return false;
  // Years and counted digits add nothing.
  const telling = rest
    .replace(/[^a-z\d]+/gi, "")
    .replace(/(?<!\d)(19|20)\d\d(?!\d)|0?123(4(5(6(7(8(90?)?)?)?)?)?)?/g, "");
  return telling.length < 8;
}
