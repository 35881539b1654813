import { describe, expect, test } from "vitest";
import { emailAddressProblem, maskEmailAddress, parseEmailAddress } from "../src/lib/email-address.ts";

describe("an email address", () => {
  test.each([
    ["jane@example.com", "jane@example.com"],
    ["Jane.Doe+Guildhall@Example.COM", "Jane.Doe+Guildhall@example.com"],
    ["o'hara@example.com", "o'hara@example.com"],
    ["!#$%&*/=?^_`{|}~-@example.com", "!#$%&*/=?^_`{|}~-@example.com"],
    ["a@b.co", "a@b.co"],
    ["a@mail.sub.example.museum", "a@mail.sub.example.museum"],
    ["1@4chan.org", "1@4chan.org"],
    ["jane@bücher.example", "jane@xn--bcher-kva.example"],
    ["jane@BU\u0308CHER.example", "jane@xn--bcher-kva.example"],
    ["jane@xn--bcher-kva.example", "jane@xn--bcher-kva.example"],
    ["jane@пример.рф", "jane@xn--e1afmkfd.xn--p1ai"],
    ["jane@例え.テスト", "jane@xn--r8jz45g.xn--zckzah"],
    ["jane@ｅｘａｍｐｌｅ.com", "jane@example.com"],
    ["jane@\u212Aelvin.example", "jane@kelvin.example"],
  ])("%s is stored as %s", (given, email) => {
    expect(parseEmailAddress(given)?.email).toBe(email);
  });

  test("is compared without letter case, but with its dots and plus", () => {
    const canonical = (text: string) => parseEmailAddress(text)?.canonical;
    expect(canonical("JANE@EXAMPLE.COM")).toBe("jane@example.com");
    expect(canonical("Jane@Bücher.example")).toBe("jane@xn--bcher-kva.example");
    expect(canonical("jane+a@example.com")).not.toBe(canonical("jane@example.com"));
    expect(canonical("j.ane@example.com")).not.toBe(canonical("jane@example.com"));
  });

  test("stays the same when it is parsed again", () => {
    for (const given of ["Jane@Bücher.example", "A@B.CO", "o'hara@ｅｘａｍｐｌｅ.com"]) {
      const once = parseEmailAddress(given);
      expect(parseEmailAddress(once?.email ?? "")).toEqual(once);
    }
  });

  test("may be as long as the standard allows, and no longer", () => {
    const domain = (length: number) => `${`${"d".repeat(60)}.`.repeat(4)}${"e".repeat(length - 244)}`;
    expect(parseEmailAddress(`${"a".repeat(64)}@example.com`)).toBeDefined();
    expect(parseEmailAddress(`${"a".repeat(65)}@example.com`)).toBeUndefined();
    expect(parseEmailAddress(`a@${"d".repeat(63)}.com`)).toBeDefined();
    expect(parseEmailAddress(`a@${"d".repeat(64)}.com`)).toBeUndefined();
    expect(parseEmailAddress(`a@${domain(252)}`)?.email).toHaveLength(254);
    expect(parseEmailAddress(`a@${domain(253)}`)).toBeUndefined();
  });
});

test.each([
  "",
  " ",
  "@",
  "jane",
  "jane@",
  "@example.com",
  "a@b",
  "jane@localhost",
  "jane@@example.com",
  "jane@example.com@evil.example",
  ".jane@example.com",
  "jane.@example.com",
  "ja..ne@example.com",
  "jane@.example.com",
  "jane@example.com.",
  "jane@example..com",
  "jane@-example.com",
  "jane@example-.com",
  "jane@exa_mple.com",
  "jane@exam ple.com",
  "jane@example.com ",
  " jane@example.com",
  "jane @example.com",
  "jane\t@example.com",
  "jane@example.com\n",
  "jane@example.com\r\nBcc: victim@example.com",
  "jane\r\n@example.com",
  "jane@example.com\u0000",
  "ja\u0000ne@example.com",
  "jane\u007f@example.com",
  "jane@example.com,john@example.com",
  "jane@example.com;john@example.com",
  "jane,john@example.com",
  "jane@example.com john@example.com",
  "Jane <jane@example.com>",
  "<jane@example.com>",
  "mailto:jane@example.com",
  "friends:jane@example.com;",
  '"jane"@example.com',
  '"jane doe"@example.com',
  '"jane@evil.example"@example.com',
  "jane(comment)@example.com",
  "jane@example.com(comment)",
  "jane\\@example.com",
  "@relay.example:jane@example.com",
  "jane@[127.0.0.1]",
  "jane@127.0.0.1",
  "jane@0x7f.1",
  "jane@example.123",
  "jane@example.com:25",
  "jane@example.com/x",
  "jane@example.com?bcc=x",
  "jane@example%2ecom",
  "jane@xn--.example",
  "jane@xn--bcher-.example",
  "=?utf-8?q?=41=42=43collab=40evil.example=3e=00?=foo@example.com",
  "jane=?x?b?QGV2aWw?=@example.com",
  "jäne@example.com",
  "jane\u0301@example.com",
  "\u212Ajane@example.com", // The Kelvin sign, which Unicode takes for a K.
  "jane\u1FEF@example.com", // The Greek varia, which Unicode takes for a backtick.
  "ｊａｎｅ@example.com",
  "ja\u200Bne@example.com",
  "jane@exa\u200Bmple.com",
  "jane@exa\u00ADmple.com",
  "jane@example.com\u202E",
  "jane＠example.com",
  "jane@example\uFF0Ecom",
  "jane@example\u3002com",
  "jane@exam\uD800ple.com",
  "😀@example.com",
  "jane@😀.example",
])("%j is not exactly one email address", (text) => {
  expect(parseEmailAddress(text)).toBeUndefined();
});

test("a huge domain is refused at once, before Punycode would take seconds", () => {
  const letters = Array.from({ length: 60_000 }, (_, n) => String.fromCodePoint(0x4e00 + (n % 20_000)));
  const before = performance.now();
  expect(parseEmailAddress(`jane@${letters.join("")}.example`)).toBeUndefined();
  expect(performance.now() - before).toBeLessThan(250);
});

test.each([
  ["jane.doe@example.com", "j•••@example.com"],
  ["a@example.com", "a•••@example.com"],
  ["ab@bücher.example", "a•••@bücher.example"],
])("%s is masked as %s", (email, masked) => {
  expect(maskEmailAddress(email)).toBe(masked);
});

describe("an error says what is wrong with an invalid address:", () => {
  test.each<[text: string, reason: string]>([
    ["", "it is empty"],
    ["jane", 'there is no "@"'],
    ["no address", 'there is no "@"'],
    ["jane\u200b@example.com", 'delete a zero-width space (U+200B) after "jane"'],
    ["\ufeffjane@example.com", "delete a byte order mark (U+FEFF) at the beginning"],
    ["jane@example.com\u00a0", 'delete a no-break space (U+00A0) after "jane@example.com"'],
    ["jane doe@example.com", 'delete a space (U+0020) after "jane"'],
    ["jane\u0301@example.com", 'delete a character (U+0301) after "jane"'],
    ["jäne@example.com", '"ä" (U+00E4) can\'t stand after "j"'],
    ["jane＠example.com", '"＠" (U+FF20) can\'t stand after "jane"'],
    ["jane@exa_mple.com", '"_" (U+005F) can\'t stand after "jane@exa"'],
    ["Jane <jane@example.com>", "write jane@example.com alone, without a name or brackets"],
    ["mailto:jane@example.com", 'leave out "mailto:"'],
    ["jane@example.com, john@example.com", "there are several here: write one only"],
    ["jane@@example.com", 'there is more than one "@"'],
    ["ja..ne@example.com", 'before the "@", every dot must stand between two other characters'],
    ["jane@localhost", 'email can\'t be sent to "localhost": write a full domain such as example.com'],
    [`${"a".repeat(65)}@example.com`, 'at most 64 characters may stand before the "@"'],
    ["@example.com", 'nothing stands before the "@"'],
    ["jane@", 'nothing follows the "@"'],
  ])("%j", (text, reason) => {
    expect(parseEmailAddress(text)).toBeUndefined();
    expect(emailAddressProblem(text)).toBe(
      `must be one plain email address such as jane@example.com; ${reason}`,
    );
  });
});
