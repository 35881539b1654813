import { expect, test } from "vitest";
import { networkOf } from "../src/lib/network-of.ts";

test.each([
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2::1", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["1::", "1:0:0:0::/64"],
])("the IPv6 address %s counts as the network %s", (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});

test.each([
  "192.0.2.33",
  "::ffff:192.0.2.33",
  "::FFFF:c000:221",
  "0:0:0:0:0:ffff:c000:0221",
  "64:ff9b::192.0.2.33",
])("%s is the IPv4 address 192.0.2.33", (ip) => {
  expect(networkOf(ip)).toBe("192.0.2.33");
});

test.each(["user_01h455vb4pex5vsknk084sn02q", "", "not an address"])(
  "%o is not an address, and stays as it is",
  (who) => {
    expect(networkOf(who)).toBe(who);
  },
);
