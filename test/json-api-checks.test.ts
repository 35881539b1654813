import { expect, test } from "vitest";
import { checkJsonApi } from "./support/json-api-checks.ts";

const JSON_API = "application/vnd.api+json";
const [USER, ROLE] = ["user_01h2xcejqtf2nbrexx3vqjhp41", "role_01h2xcejqtf2nbrexx3vqjhp41"];
const userRole = {
  type: "user_role",
  id: "userrole_01h2xcejqtf2nbrexx3vqjhp41",
  attributes: {},
  relationships: {
    user: linked("user", "user", USER),
    role: linked("role", "role", ROLE),
  },
  links: { self: "/api/user-roles/userrole_01h2xcejqtf2nbrexx3vqjhp41" },
};
const permission = {
  type: "permission",
  id: "perm_01h2xcejqtf2nbrexx3vqjhp41",
  attributes: {
    name: "a:b",
    description: null,
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: "2026-01-01T00:00:00.000Z",
  },
  relationships: {},
  links: { self: "/api/permissions/perm_01h2xcejqtf2nbrexx3vqjhp41" },
};
const path = userRole.links.self;
const error = {
  id: "r",
  status: "422",
  code: "invalid_attribute",
  title: "Unprocessable Entity",
  detail: "No.",
};

function linked(name: string, type: string, id: string) {
  const links = { self: `${self()}/relationships/${name}`, related: `${self()}/${name}` };
  return { links, data: { type, id } };
}

function self() {
  return "/api/user-roles/userrole_01h2xcejqtf2nbrexx3vqjhp41";
}

interface Case {
  method?: string;
  url?: string;
  sent?: string;
  status?: number;
  headers?: Record<string, string>;
  document?: unknown;
}

function check({ method = "GET", url = path, sent, status = 200, headers = {}, document }: Case) {
  const standard = { "Content-Type": JSON_API, Vary: "Accept", "X-Request-Id": "r" };
  const text = document === undefined ? "" : JSON.stringify(document);
  return checkJsonApi({
    method,
    url,
    sent,
    status,
    headers: new Headers(status === 204 ? headers : { ...standard, ...headers }),
    text: async () => text,
  });
}

test.each<[string, Case]>([
  ["a resource", { document: { data: userRole } }],
  ["an empty collection", { url: "/api/user-roles", document: { data: [] } }],
  ["a refusal that points into the request", pointing("/data/a~1b", { data: { "a/b": 1 } })],
  ["a deletion", { method: "DELETE", status: 204 }],
  [
    "a requested field",
    {
      url: `${permission.links.self}?fields[permission]=name`,
      document: { data: { ...permission, attributes: { name: "a:b" } } },
    },
  ],
  ["an @-member", { document: { data: userRole, "@context": "x" } }],
  ["what is no JSON:API", { url: "/healthz", headers: { "Content-Type": "text/html" }, document: "<p>" }],
])("the checks accept %s", async (_, exchange) => {
  await expect(check(exchange)).resolves.toBeUndefined();
});

function pointing(pointer: string, sent: unknown): Case {
  const document = { errors: [{ ...error, source: { pointer } }] };
  return { method: "POST", url: "/api/users", sent: JSON.stringify(sent), status: 422, document };
}

const without = (name: "user" | "role") => {
  const { [name]: _, ...rest } = userRole.relationships;
  return { ...userRole, relationships: rest };
};

test.each<[string, RegExp, Case]>([
  [
    "a charset",
    /without parameters/,
    { headers: { "Content-Type": `${JSON_API}; charset=utf-8` }, document: { data: userRole } },
  ],
  ["an empty document", /none of data, errors, meta/, { document: { links: {} } }],
  ["data beside errors", /data and errors/, { document: { data: userRole, errors: [error] } }],
  ["included without data", /included without data/, { document: { meta: {}, included: [] } }],
  ["an unknown member", /a member extra/, { document: { data: userRole, extra: 1 } }],
  [
    "a collection that isn't an array",
    /data is no array/,
    { url: "/api/user-roles", document: { data: userRole } },
  ],
  ["a resource in an array", /data is an array/, { document: { data: [userRole] } }],
  ["null where there must be a resource", /data is null/, { document: { data: null } }],
  ["a resource of another type", /another type/, { document: { data: permission } }],
  ["an id that is a number", /an id that is none of it/, { document: { data: { ...userRole, id: 5 } } }],
  [
    "a self link to something else",
    /links.self is not/,
    { document: { data: { ...userRole, links: { self: "/x" } } } },
  ],
  ["a link that isn't one", /is no link/, { document: { data: userRole, links: { self: 5 } } }],
  ["a missing relationship", /lacks the field role/, { document: { data: without("role") } }],
  [
    "an unknown attribute",
    /the field colour/,
    { document: { data: { ...userRole, attributes: { colour: 1 } } } },
  ],
  [
    "a date without a time",
    /created_at is not of its type/,
    {
      url: permission.links.self,
      document: {
        data: { ...permission, attributes: { ...permission.attributes, created_at: "2026-01-01" } },
      },
    },
  ],
  [
    "a field nobody requested",
    /the field description/,
    {
      url: `${permission.links.self}?fields[permission]=name`,
      document: { data: { ...permission, attributes: { name: "a:b", description: null } } },
    },
  ],
  ["an inclusion nobody asked for", /not asked for/, { document: { data: userRole, included: [] } }],
  [
    "a missing inclusion",
    /included is missing/,
    { url: `${path}?include=user`, document: { data: userRole } },
  ],
  [
    "an included resource that nothing leads to",
    /nothing leads to it/,
    { url: `${path}?include=role.permissions`, document: { data: userRole, included: [permission] } },
  ],
  [
    "an included resource of a type nobody requested",
    /include leads to no permission/,
    { url: `${path}?include=user`, document: { data: userRole, included: [permission] } },
  ],
  [
    "a duplicate resource",
    /twice/,
    { url: `${path}?include=user`, document: { data: userRole, included: [userRole] } },
  ],
  [
    "an error's status as a number",
    /status is not/,
    { status: 422, document: { errors: [{ ...error, status: 422 }] } },
  ],
  [
    "an error without the request's id",
    /id is not/,
    { status: 422, document: { errors: [{ ...error, id: "x" }] } },
  ],
  [
    "an error with a code that is not documented",
    /not documented with 422/,
    { status: 422, document: { errors: [{ ...error, code: "not_found" }] } },
  ],
  ["a pointer to nothing", /points to nothing/, pointing("/data/b", { data: {} })],
  [
    "a parameter that was not sent",
    /was not in the query/,
    { status: 422, document: { errors: [{ ...error, source: { parameter: "x" } }] } },
  ],
  [
    "an error that reveals SQL",
    /insides/,
    { status: 422, document: { errors: [{ ...error, detail: "select 1 from users" }] } },
  ],
  ["a refusal with data", /lacks errors/, { status: 404, document: { data: null } }],
  ["204 with a body", /204 has a body/, { method: "DELETE", status: 204, document: { data: null } }],
  ["405 without Allow", /no Allow/, { status: 405, document: { errors: [] } }],
  ["429 without Retry-After", /no Retry-After/, { status: 429, document: { errors: [] } }],
  [
    "a Location other than the new resource's self link",
    /Location/,
    {
      method: "POST",
      url: "/api/user-roles",
      status: 201,
      headers: { Location: "/x" },
      document: { data: userRole },
    },
  ],
  [
    "a status the endpoint doesn't declare",
    /declares 200/,
    { status: 202, headers: { Location: path }, document: { data: userRole } },
  ],
  ["a refusal with a success's document", /lacks errors/, { status: 400, document: { meta: {} } }],
])("the checks catch %s", async (_, message, exchange) => {
  await expect(check(exchange)).rejects.toThrow(message);
});
