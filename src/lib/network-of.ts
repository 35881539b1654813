import { isIPv6 } from "node:net";

/**
 * Returns the network that requests from an IP address count for: an IPv4 address itself, in any notation, or an IPv6
 * address's /64, because anyone with one address of such a network has all of them. Other texts are returned
 * unchanged.
 */
export function networkOf(ip: string): string {
  // A zone, as in `fe80::1%eth0`, names one of our own interfaces.
  const address = ip.replace(/%.*$/s, "");
  if (!isIPv6(address)) return ip;
  const groups = groupsOf(address);
  const prefix = groups.slice(0, 6).join(":");
  // Mapped (RFC 4291 §2.5.5.2), and translated by a NAT64 (RFC 6052 §2.1).
  if (prefix === "0:0:0:0:0:ffff" || prefix === "64:ff9b:0:0:0:0") return toIPv4(groups.slice(6));
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** Returns the eight groups as `URL` writes them: in lower case, without leading zeros or dots. */
function groupsOf(address: string): string[] {
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [before, after] = [head, tail ?? ""].map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = 8 - (before?.length ?? 0) - (after?.length ?? 0);
  return [...(before ?? []), ...Array<string>(zeros).fill("0"), ...(after ?? [])];
}

function toIPv4(groups: string[]): string {
  return groups
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}
