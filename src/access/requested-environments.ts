import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { Settings } from "../config/variables.ts";
import { Refusal } from "../errors.ts";

/**
 * Returns the handles a request may mean, in the order to try them: the first label of `Host`, then `X-Environment`,
 * then the default. A host that looks like a subdomain never falls back to the default: if there is no such
 * environment, it is a typo.
 * @param ownHost the host of PUBLIC_URL, which is this service's own name and names no environment.
 */
export function environmentCandidates(request: {
  host: string;
  header: string | undefined;
  ownHost: string;
  defaultHandle: string | undefined;
}): string[] {
  const label = subdomain(request.host, request.ownHost);
  const fallback = request.header ?? (label === undefined ? request.defaultHandle : undefined);
  return [label, fallback].filter((handle) => handle !== undefined);
}

/** Returns the same from a request's headers and the settings. */
export function requestedEnvironments(
  settings: Pick<Settings, "PUBLIC_URL" | "DEFAULT_ENVIRONMENT">,
  headers: IncomingHttpHeaders,
): string[] {
  const header = headers["x-environment"];
  return environmentCandidates({
    host: headers.host ?? "",
    header: typeof header === "string" ? header : undefined,
    ownHost: new URL(settings.PUBLIC_URL).hostname,
    defaultHandle: settings.DEFAULT_ENVIRONMENT,
  });
}

/** @throws 404 if the request names no environment. The error says how to name one. */
export function requireNamed(environments: string[]): void {
  if (environments.length > 0) return;
  const detail =
    "The request names no environment. Send its handle in the header X-Environment or as the first label of the host, or set DEFAULT_ENVIRONMENT.";
  throw new Refusal(404, [{ code: "not_found", detail, source: { header: "X-Environment" } }]);
}

function subdomain(host: string, ownHost: string): string | undefined {
  const name = host.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
  const isAddress = isIP(name.replace(/^\[|\]$/g, "")) !== 0;
  if (isAddress || name === ownHost.toLowerCase() || !name.includes(".")) return undefined;
  return name.split(".")[0];
}
