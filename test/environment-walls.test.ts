import { beforeAll, describe, expect, test } from "vitest";
import { callersOf, environmentOf } from "../src/access/allow.ts";
import { allEndpoints, resourceTypes } from "../src/management/all-resources.ts";
import { batchTo, sendCsv } from "./support/batches.ts";
import { invitationTo, roleId, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildWorld, linkTo, type World } from "./support/one-of-everything.ts";

const guildhall = useGuildhall();

/** One of everything in the environment `globex`, and here. */
let theirs: World;
let ours: World;

beforeAll(async () => {
  theirs = await buildWorld(guildhall, "globex");
  ours = await buildWorld(guildhall);
  // Has every permission here, by a role in the environment, so that only the environment is in the way.
  const everything = (
    await guildhall.api.post("/api/roles", { data: { type: "role", attributes: { name: "all" } } })
  ).body.data.id;
  const permissions: string[] = await guildhall
    .db("permissions")
    .where({ environment_id: ours.owner.user.environment_id })
    .pluck("id");
  for (const id of permissions) await give("role_permission", { role: everything, permission: id });
  await give("user_role", { user: ours.owner.user.id, role: everything });
});

async function give(type: string, ends: Record<string, string>): Promise<void> {
  const relationships = Object.fromEntries(Object.entries(ends).map(([end, id]) => [end, linkTo(end, id)]));
  const path = `/api/${type.replace("_", "-")}s`;
  expect(await guildhall.api.post(path, { data: { type, relationships } })).toMatchObject({ status: 201 });
}

const absent = { status: 404, body: { errors: [{ code: "not_found" }] } };
const programOnly = { status: 403, body: { errors: [{ code: "program_only" }] } };
const sessionRequired = { status: 403, body: { errors: [{ code: "session_required" }] } };
const operatorOnly = { status: 403, body: { errors: [{ code: "operator_only" }] } };

/**
 * Every endpoint with an id in its path, except environments, which are the operator's, and the paths in emails,
 * which name theirs.
 */
const inPath = allEndpoints.filter(
  ({ path, allow }) => path.includes(":id") && environmentOf(allow) === "request",
);

/** Someone who may read the collection. */
const insider = (collection: string, { owner }: World) =>
  collection === "received-invitations" ? guildhall.api.as(owner.token) : guildhall.api;

const typeOf = (collection: string) => resourceTypes.find(({ path }) => path === collection)?.type ?? "";

describe("another environment's id in a path is a 404", () => {
  test("there is a foreign id of every resource to test with", () => {
    expect(Object.keys(theirs.ids).sort()).toEqual(resourceTypes.map(({ path }) => path).sort());
  });

  test.each(inPath.map((endpoint) => [endpoint.method, endpoint.path, endpoint] as const))(
    "%s %s, for operator and user",
    async (method, path, { allow }) => {
      const who = callersOf(allow);
      const collection = path.split("/")[2] ?? "";
      const id = theirs.ids[collection] ?? "";
      expect(id).not.toBe("");
      const url = path.replace(":id", id);
      const data = path.includes("/relationships/") ? [] : { type: typeOf(collection), id, attributes: {} };
      // The best possible body, so that only the id is wrong.
      const meta = path.endsWith("transfer-ownership") ? { user_id: ours.owner.user.id } : {};
      const body = { ...(method === "PATCH" && !/touch|revoke/.test(path) ? { data } : {}), meta };

      for (const api of [guildhall.api, guildhall.api.as(ours.owner.token)]) {
        const answer =
          method === "GET"
            ? await api.get(url)
            : method === "DELETE"
              ? await api.delete(url)
              : method === "PATCH"
                ? await api.patch(url, body)
                : await api.post(url, body);
        const isOperator = api === guildhall.api;
        // An operator who accepts must name a user first, which reveals nothing about the invitation.
        if (answer.status === 422) expect(answer.body.errors[0].code).toBe("user_missing");
        else if (who === "operator" && !isOperator) expect(answer).toMatchObject(operatorOnly);
        else if (who === "program" && !isOperator) expect(answer).toMatchObject(programOnly);
        else if (who === "user" && isOperator) expect(answer).toMatchObject(sessionRequired);
        else expect(answer).toMatchObject(absent);
      }
    },
  );

  test("the same id is found in its own environment", async () => {
    for (const [collection, id] of Object.entries(theirs.ids)) {
      const answer = await insider(collection, theirs).in("globex").get(`/api/${collection}/${id}`);
      expect(answer, collection).toMatchObject({ status: 200, body: { data: { id } } });
    }
  });
});

describe("an id of another environment in a body is refused:", () => {
  test("a user, as the owner of a new organization", async () => {
    const relationships = { owner: { data: { type: "user", id: theirs.owner.user.id } } };
    const document = { data: { type: "organization", attributes: { name: "Acme" }, relationships } };
    expect(await guildhall.api.post("/api/organizations", document)).toMatchObject(absent);
  });

  test("a user, as the user of a new session", async () => {
    const relationships = { user: { data: { type: "user", id: theirs.owner.user.id } } };
    const document = { data: { type: "session", relationships } };
    expect(await guildhall.api.post("/api/sessions", document)).toMatchObject(absent);
  });

  test("a user or an organization, in a new membership", async () => {
    const pairs = [
      [theirs.owner.user.id, ours.organization.id],
      [ours.owner.user.id, theirs.organization.id],
      [theirs.owner.user.id, theirs.organization.id],
    ];
    for (const [user, organization] of pairs) {
      const relationships = {
        user: { data: { type: "user", id: user } },
        organization: { data: { type: "organization", id: organization } },
      };
      const document = { data: { type: "membership", relationships } };
      expect(await guildhall.api.post("/api/memberships", document)).toMatchObject(absent);
      expect(await guildhall.api.as(ours.owner.token).post("/api/memberships", document)).toMatchObject(
        absent,
      );
    }
  });

  test("an organization, in an invitation", async () => {
    const document = invitationTo(theirs.organization.id, uniqueEmail());
    expect(await guildhall.api.post("/api/invitations", document)).toMatchObject(absent);
    expect(await guildhall.api.as(ours.owner.token).post("/api/invitations", document)).toMatchObject(absent);
  });

  test("an organization, in a batch sent as JSON or as a file", async () => {
    const document = batchTo(theirs.organization.id, [{ email: uniqueEmail() }]);
    for (const api of [guildhall.api, guildhall.api.as(ours.owner.token)]) {
      expect(await api.post("/api/invitation-batches", document)).toMatchObject(absent);
      const csv = `email\n${uniqueEmail()}`;
      expect(await sendCsv(api, csv, `organization=${theirs.organization.id}`)).toMatchObject(absent);
    }
  });

  test("a role, in an invitation", async () => {
    const attributes = { role_ids: [theirs.ids.roles] };
    const document = invitationTo(ours.organization.id, uniqueEmail(), attributes);
    expect(await guildhall.api.post("/api/invitations", document)).toMatchObject(absent);
  });

  test("a user, for whom the operator accepts", async () => {
    const invited = await guildhall.api.post(
      "/api/invitations",
      invitationTo(ours.organization.id, uniqueEmail()),
    );
    const path = `/api/invitations/${invited.body.data.id}/accept`;
    const answer = await guildhall.api.post(path, { meta: { user_id: theirs.owner.user.id } });
    expect(answer).toMatchObject(absent);
    expect(answer.body.errors[0].source.pointer).toBe("/meta/user_id");
  });

  test("an invitation's link", async () => {
    const invitationId = theirs.ids.invitations ?? "";
    const token = guildhall.context.linkKeys.sign({ invitationId, tokenVersion: 1 });
    const path = `/api/invitations/${invitationId}/decline`;
    expect(await guildhall.api.as(null).post(path, { meta: { token } })).toMatchObject(absent);
  });
});

describe("both ends of a connection must be in the same environment:", () => {
  const joins = [
    ["membership_role", { membership: "memberships", role: "roles" }],
    ["role_permission", { role: "roles", permission: "permissions" }],
    ["user_role", { user: "users", role: "roles" }],
  ] as const;

  test.each(joins)("%s", async (type, ends) => {
    const path = `/api/${type.replace("_", "-")}s`;
    const here = { ...ours.ids, roles: await roleId(guildhall, ours.owner.user.environment_id, "billing") };
    const names = Object.entries(ends);
    for (const foreign of [[names[0]?.[0]], [names[1]?.[0]], names.map(([name]) => name)]) {
      const relationships = Object.fromEntries(
        names.map(([name, collection]) => {
          const ids: Record<string, string> = foreign.includes(name) ? theirs.ids : here;
          return [name, linkTo(name, ids[collection] ?? "")];
        }),
      );
      for (const api of [guildhall.api, guildhall.api.as(ours.owner.token)]) {
        const answer = await api.post(path, { data: { type, relationships } });
        expect(answer).toMatchObject(absent);
      }
    }
  });

  test("a permission given to our role", async () => {
    const relationships = {
      role: linkTo("role", ours.ids.roles ?? ""),
      permission: linkTo("permission", theirs.ids.permissions ?? ""),
    };
    const document = { data: { type: "role_permission", relationships } };
    for (const api of [guildhall.api, guildhall.api.as(ours.owner.token)])
      expect(await api.post("/api/role-permissions", document)).toMatchObject(absent);
  });

  test("the organization of our own role", async () => {
    const relationships = { organization: linkTo("organization", theirs.organization.id) };
    const document = { data: { type: "role", attributes: { name: "spy" }, relationships } };
    for (const api of [guildhall.api, guildhall.api.as(ours.owner.token)])
      expect(await api.post("/api/roles", document)).toMatchObject(absent);
  });

  test("the new owner of our organization", async () => {
    const path = `/api/organizations/${ours.organization.id}/transfer-ownership`;
    const document = { meta: { user_id: theirs.owner.user.id } };
    for (const api of [guildhall.api, guildhall.api.as(ours.owner.token)])
      expect(await api.post(path, document)).toMatchObject(absent);
  });

  test("the role of our new member", async () => {
    const relationships = {
      user: linkTo("user", ours.owner.user.id),
      organization: linkTo("organization", ours.organization.id),
      roles: { data: [{ type: "role", id: theirs.ids.roles }] },
    };
    const document = { data: { type: "membership", relationships } };
    expect(await guildhall.api.post("/api/memberships", document)).toMatchObject(absent);
  });
});

describe("an id of another environment in a filter finds nothing", () => {
  const collections: Record<string, string> = {
    organization: "organizations",
    user: "users",
    owner: "users",
    inviter: "users",
    role: "roles",
    permission: "permissions",
    membership: "memberships",
    invitation: "invitations",
    batch: "invitation-batches",
    subject: "invitations",
  };
  const filters = resourceTypes.flatMap(({ path, filters: known }) =>
    Object.keys(known)
      .filter((name) => name in collections)
      .map((name) => [path, name, collections[name] ?? ""] as const),
  );

  test.each(filters)("/api/%s?filter[%s]", async (path, name, collection) => {
    const isHeld = name === "role" && path !== "role-permissions";
    const url = `/api/${path}?filter[${name}]=${isHeld ? theirs.granted : theirs.ids[collection]}`;
    const there = await guildhall.api.in("globex").get(url);
    // A deletion is filtered by the id of an organization that doesn't exist any more.
    if (path !== "organization-deletions") expect(there.body.data.length).toBeGreaterThan(0);
    for (const api of [guildhall.api, guildhall.api.as(ours.owner.token)])
      expect(await api.get(url)).toMatchObject({ status: 200, body: { data: [] } });
  });
});

test("no list contains anything of another environment", async () => {
  const { environments: _, ...foreignIds } = theirs.ids;
  const foreign = [...Object.values(foreignIds), theirs.owner.user.email];
  for (const collection of Object.keys(foreignIds)) {
    const answer = await insider(collection, ours).get(`/api/${collection}?page[size]=100`);
    expect(answer.status).toBe(200);
    expect(answer.body.data.length).toBeGreaterThan(0);
    for (const id of foreign) expect(JSON.stringify(answer.body)).not.toContain(id);
  }
});

test("includes and links lead to nothing of another environment", async () => {
  const foreign = Object.values(theirs.ids);
  for (const { path, relationships } of resourceTypes) {
    const names = Object.keys(relationships);
    if (names.length === 0) continue;
    const answer = await guildhall.api.get(`/api/${path}?page[size]=100&include=${names.join(",")}`);
    expect(answer.status, path).toBe(200);
    for (const id of foreign) expect(JSON.stringify(answer.body)).not.toContain(id);
  }
});

describe("/invitations/:id, as printed in emails, finds its own environment", () => {
  async function inviteToTheirs(): Promise<{ path: string; token: string }> {
    const document = invitationTo(theirs.organization.id, uniqueEmail());
    const { body } = await guildhall.api.in("globex").post("/api/invitations", document);
    const token = guildhall.context.linkKeys.sign({ invitationId: body.data.id, tokenVersion: 1 });
    return { path: `/invitations/${body.data.id}`, token };
  }

  test.each(["accept", "decline"])(
    "the link's holder may %s, whatever the default environment is",
    async (answer) => {
      guildhall.settings.DEFAULT_ENVIRONMENT = "acme-test";
      const { path, token } = await inviteToTheirs();
      const answered = await fetch(`${guildhall.api.origin}${path}/${answer}`, {
        method: "POST",
        headers: { "Content-Type": "application/vnd.api+json" },
        body: JSON.stringify({ meta: { token } }),
      });
      guildhall.settings.DEFAULT_ENVIRONMENT = undefined;
      expect(answered.status).toBe(200);
    },
  );

  test("the link's holder may answer under any name of the service", async () => {
    const { path, token } = await inviteToTheirs();
    const answered = await guildhall.api.as(null).in("acme-test").post(`${path}/accept`, { meta: { token } });
    expect(answered.status).toBe(200);
  });

  test("a session of another environment is refused: 401", async () => {
    const { path } = await inviteToTheirs();
    const answered = await guildhall.api.as(ours.owner.token).post(`${path}/accept`);
    expect(answered).toMatchObject({ status: 401, body: { errors: [{ code: "unauthorized" }] } });
  });

  test("an unknown invitation is a 404, with or without a link", async () => {
    const { token } = await inviteToTheirs();
    const path = "/invitations/inv_01h2xcejqtf2nbrexx3vqjhp41/accept";
    expect(await guildhall.api.as(null).post(path, { meta: { token } })).toMatchObject(absent);
    expect(await guildhall.api.as(null).post(path)).toMatchObject(absent);
  });
});
