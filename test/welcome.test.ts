import { expect, test } from "vitest";
import { type Welcome, welcome } from "../src/local/welcome.ts";

const usual: Welcome = {
  publicUrl: "http://localhost:3000",
  organizationId: "org_1",
  billingRoleId: "role_1",
  owner: "Ada Lovelace",
  sessionToken: "session-token",
  operatorToken: "operator-token",
  hasInbox: true,
};

test("the welcome names the documentation, and shows members with their names", () => {
  const text = welcome(usual);
  expect(text).toContain("http://localhost:3000/docs");
  expect(text).toMatch(/\/api\/memberships\?\S*include=user/);
});

test("the welcome names no inbox if emails leave by SMTP_URL", () => {
  expect(welcome(usual)).toContain("Open the inbox");
  const text = welcome({ ...usual, hasInbox: false });
  expect(text).not.toMatch(/inbox/i);
  expect(text).toContain("The email goes to your SMTP_URL");
});

test("the welcome doesn't print an ADMIN_TOKEN that the developer set", () => {
  expect(welcome(usual)).toContain("Bearer operator-token");
  expect(welcome({ ...usual, operatorToken: undefined })).toContain("Bearer $ADMIN_TOKEN");
});

test("the welcome names the current owner of Acme Corp", () => {
  expect(welcome({ ...usual, owner: "Grace Hopper" })).toContain("Invite somebody, as Grace Hopper");
});

test("the welcome calls as the operator if Acme Corp has no owner", () => {
  const text = welcome({ ...usual, owner: undefined });
  expect(text).not.toContain("session-token");
  expect(text.match(/-H "Authorization: Bearer operator-token"/g)).toHaveLength(2);
});
