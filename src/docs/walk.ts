import { curl, MEMBER } from "./curl.ts";
import type { Step } from "./step.ts";
import { addPermission, CHANGE, findPermission, joining, one } from "./walk-requests.ts";

/** Give a member a role of your own: from finding them to seeing it enforced. A test runs it as it is printed. */
export const WALK: Step[] = [
  {
    title: "Find the member",
    text: "By the address, with the memberships. Mary is a plain member of Acme Corp in `acme-test`; take anybody who is one of yours.",
    command: curl({ method: "GET", url: "/api/users?filter[email]=mary@acme.example&include=memberships" }),
    status: 200,
    keep: [
      { name: "USER", from: "data[0].id" },
      { name: "MEMBERSHIP", from: "included[0].id" },
      { name: "ORGANIZATION", from: "included[0].relationships.organization.data.id" },
    ],
  },
  {
    title: "Sign the member in",
    text: "Your application does this once it knows who somebody is. The token is shown this once.",
    command: curl({
      method: "POST",
      url: "/api/sessions",
      body: joining("session", { user: one("user", "$USER") }),
    }),
    status: 201,
    keep: [{ name: "MEMBER", from: "meta.token" }],
  },
  {
    title: "See what the member may not do",
    text: "The role `member` sees everything and changes nothing: 403, and `detail` names the permission that is missing.",
    command: CHANGE,
    status: 403,
    keep: [],
  },
  {
    title: "Create the role",
    text: "It belongs to the environment, so it can be given in every organization. Name an organization as relationship to keep it to that one.",
    command: curl({
      method: "POST",
      url: "/api/roles",
      body: { data: { type: "role", attributes: { name: "Office manager" } } },
    }),
    status: 201,
    keep: [{ name: "ROLE", from: "data.id" }],
  },
  {
    title: "Find the first permission",
    text: "The catalogue is there from the start; here, by name.",
    command: findPermission("organization:update"),
    status: 200,
    keep: [{ name: "UPDATE", from: "data[0].id" }],
  },
  {
    title: "Find the second",
    text: "The same again.",
    command: findPermission("events:read"),
    status: 200,
    keep: [{ name: "EVENTS", from: "data[0].id" }],
  },
  {
    title: "Give the role the first permission",
    text: "Nobody gives what they don't have; the operator has everything.",
    command: addPermission("$UPDATE"),
    status: 201,
    keep: [],
  },
  {
    title: "Give it the second",
    text: "A role may have as many as you like.",
    command: addPermission("$EVENTS"),
    status: 201,
    keep: [],
  },
  {
    title: "Give the member the role",
    text: "Besides those they have: a membership may have several, and what they allow adds up.",
    command: curl({
      method: "POST",
      url: "/api/membership-roles",
      body: joining("membership_role", {
        membership: one("membership", "$MEMBERSHIP"),
        role: one("role", "$ROLE"),
      }),
    }),
    status: 201,
    keep: [{ name: "GRANT", from: "data.id" }],
  },
  {
    title: "See it allowed",
    text: "The very request that was refused, with the same session: rights are looked up with every request.",
    command: CHANGE,
    status: 200,
    keep: [],
  },
  {
    title: "See what happened",
    text: "The second permission, `events:read`, opens the organization's events.",
    command: curl({
      method: "GET",
      url: "/api/events?filter[organization]=$ORGANIZATION&sort=-created_at",
      credential: MEMBER,
    }),
    status: 200,
    keep: [],
  },
  {
    title: "See what is still refused",
    text: "Inviting takes `members:manage`, which the role doesn't have: 403.",
    command: curl({
      method: "POST",
      url: "/api/invitations",
      credential: MEMBER,
      body: {
        data: {
          type: "invitation",
          attributes: { email: "friend@example.com" },
          relationships: { organization: one("organization", "$ORGANIZATION") },
        },
      },
    }),
    status: 403,
    keep: [],
  },
  {
    title: "Take the role away",
    text: "By the grant's id. From now on the member's request of before is refused again.",
    command: curl({ method: "DELETE", url: "/api/membership-roles/$GRANT" }),
    status: 204,
    keep: [],
  },
  {
    title: "See it refused again",
    text: "At once, with the session still alive.",
    command: CHANGE,
    status: 403,
    keep: [],
  },
];
