import { isIP } from "node:net";

/** Who issues: the service under its public name, whatever the environment. */
export function issuerOf(publicUrl: string): string {
  return new URL(publicUrl).origin;
}

/**
 * What a token for an environment may be meant for: the Management API under the service's own name, and under the
 * environment's (an IP address has no names below it).
 */
export function audiencesOf(publicUrl: string, handle: string): string[] {
  const { origin, protocol, host, hostname } = new URL(publicUrl);
  const isAddress = isIP(hostname.replace(/^\[|\]$/g, "")) !== 0;
  return [`${origin}/api`, ...(isAddress ? [] : [`${protocol}//${handle}.${host}/api`])];
}
