import { describe, expect, test } from "vitest";
import { createLinkKeys } from "../src/invitations/invitation-link.ts";
import { newId } from "../src/lib/id.ts";

describe("an invitation's link", () => {
  const [current, former] = ["current-key-of-at-least-32-bytes!", "former-key-of-at-least-32-bytes!!"];
  const link = { invitationId: newId("inv"), tokenVersion: 3 };
  const keys = createLinkKeys([current]);
  const token = keys.sign(link);

  test("is always the same, and proves its invitation and version", () => {
    expect(keys.sign(link)).toBe(token);
    expect(keys.verify(token)).toEqual(link);
    expect(token).toMatch(/^[\w-]{81}$/);
  });

  test("a link is refused with any letter changed, left out or added", () => {
    for (let n = 0; n <= token.length; n += 1) {
      const [before, letter, after] = [token.slice(0, n), token[n] ?? "", token.slice(n + 1)];
      expect(keys.verify(before + (letter === "a" ? "b" : "a") + after), `letter ${n}`).toBeUndefined();
      if (letter !== "") expect(keys.verify(before + after)).toBeUndefined();
      expect(keys.verify(`${before}-${letter}${after}`)).toBeUndefined();
    }
    for (const text of ["", "\n", `${token}\n`, token.toUpperCase(), ` ${token}`, "x".repeat(100_000)]) {
      expect(keys.verify(text)).toBeUndefined();
    }
  });

  test("reveals nothing about another invitation or version", () => {
    const others = [
      { ...link, tokenVersion: 4 },
      { ...link, invitationId: newId("inv") },
    ];
    for (const other of others) {
      const forged = keys.sign(other).slice(0, -43) + token.slice(-43);
      expect(keys.verify(forged)).toBeUndefined();
    }
  });

  test("outlives a rotation while its key is a previous one", () => {
    const mailed = createLinkKeys([former]).sign(link);
    expect(createLinkKeys([current, former]).verify(mailed)).toEqual(link);
    expect(createLinkKeys([current]).verify(mailed)).toBeUndefined();
    expect(createLinkKeys([current, former]).sign(link)).toBe(token);
  });

  test("can't be made from the CSRF secret", () => {
    const body = token.slice(0, 30);
    expect(keys.verify(token.slice(0, -43) + keys.formSecret(body))).toBeUndefined();
    expect(keys.formSecret(token)).not.toBe(keys.formSecret(`${token}x`));
    expect(keys.formSecret(token)).not.toBe(createLinkKeys([former]).formSecret(token));
  });
});
