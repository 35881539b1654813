import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { organization } from "better-auth/plugins/organization";
import pg from "pg";

/**
 * Better Auth's organization plugin as a production server would run it: its own handler on `node:http`, its own tables
 * on the same Postgres, as many connections as ours. Told a row and a number, it returns that many requests of signed-in
 * people. No email is sent, nothing is reported home, and limits that the load would reach are raised or off.
 *
 * Its cookie cache is off, as it is by default: the session is looked up for each request, as ours is, so a revoked
 * session ends at once.
 */
const DAY = 86_400_000;
const SECRET = "the-secret-of-the-peer-has-32-bytes-or-more";
const sizes = ["ORGANIZATIONS", "LISTED", "MEMBERS", "PAST"];
const [organizations, listed, members, past] = sizes.map((name) => Number(process.env[name]));

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.POOL_SIZE) });
const auth = betterAuth({
  baseURL: "http://localhost",
  secret: SECRET,
  database: pool,
  telemetry: { enabled: false },
  logger: { level: "error" },
  rateLimit: { enabled: false },
  session: { cookieCache: { enabled: false } },
  plugins: [
    organization({
      invitationLimit: 1_000,
      membershipLimit: 100_000,
      async sendInvitationEmail() {},
    }),
  ],
});

const { runMigrations } = await getMigrations(auth.options);
await runMigrations();

let people = 0;

/** Inserts rows that all have the same columns. */
async function insert(table, rows) {
  const names = Object.keys(rows[0])
    .map((name) => `"${name}"`)
    .join(", ");
  for (let start = 0; start < rows.length; start += 5_000)
    await pool.query(
      `insert into "${table}" (${names}) select ${names} from jsonb_populate_recordset(null::"${table}", $1)`,
      [JSON.stringify(rows.slice(start, start + 5_000))],
    );
}

function newUser() {
  people += 1;
  const times = { createdAt: new Date(), updatedAt: new Date() };
  return {
    ...{ id: randomUUID(), name: "Grace Hopper", email: `peer-${people}@example.com`, emailVerified: true },
    ...times,
  };
}

/** Signs users in. @returns a cookie for each, signed as Better Auth signs it. */
async function signIn(users) {
  const sessions = users.map(({ id: userId }) => {
    const token = randomBytes(24).toString("base64url");
    const times = {
      createdAt: new Date(),
      updatedAt: new Date(),
      expiresAt: new Date(Date.now() + 7 * DAY),
    };
    return { id: randomUUID(), token, userId, ...times };
  });
  await insert("session", sessions);
  return sessions.map(({ token }) => {
    const signature = createHmac("sha256", SECRET).update(token).digest("base64");
    return `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}`;
  });
}

/** An invitation by the owner of an organization, valid for so many days or for a time that has passed. */
function newInvitation({ id: organizationId, userId: inviterId }, email, days) {
  const times = { createdAt: new Date(), expiresAt: new Date(Date.now() + days * DAY) };
  return { id: randomUUID(), email, organizationId, inviterId, role: "member", status: "pending", ...times };
}

const owners = Array.from({ length: organizations }, newUser);
const rows = owners.map(({ id: userId }, number) => {
  return { id: randomUUID(), name: "Acme Corp", slug: `acme-${number}`, createdAt: new Date(), userId };
});
const memberships = rows.map(({ id: organizationId, userId }) => ({ organizationId, userId, role: "owner" }));
const others = [];
for (const { id: organizationId } of rows.slice(0, listed)) {
  for (let number = 1; number < members; number += 1) {
    const user = newUser();
    others.push(user);
    memberships.push({ organizationId, userId: user.id, role: "member" });
  }
}
const history = rows.flatMap((row) =>
  Array.from({ length: past }, (_, n) => newInvitation(row, newUser().email, n % 2 === 0 ? -50 : 6)),
);
await insert("user", [...owners, ...others]);
await insert(
  "organization",
  rows.map(({ userId: _, ...row }) => row),
);
await insert(
  "member",
  memberships.map((row) => ({ id: randomUUID(), ...row, createdAt: new Date() })),
);
await insert("invitation", history);
const cookies = await signIn(owners);
await pool.query("vacuum analyze");

const post = (path, cookie, body) => ({
  method: "POST",
  path: `/api/auth/organization/${path}`,
  cookie,
  body,
});

function list(count) {
  return Array.from({ length: count }, (_, number) => {
    const place = number % listed;
    const path = `/api/auth/organization/list-members?organizationId=${rows[place].id}&limit=${members}`;
    return { method: "GET", path, cookie: cookies[place] };
  });
}

/** What each row asks for. */
const REQUESTS = {
  create: (count) =>
    Array.from({ length: count }, (_, number) => {
      people += 1;
      const place = number % organizations;
      const body = { email: `invited-${people}@example.com`, role: "member", organizationId: rows[place].id };
      return post("invite-member", cookies[place], body);
    }),
  list,
  bridge: list,
  async accept(count) {
    const users = Array.from({ length: count }, newUser);
    await insert("user", users);
    const signedIn = await signIn(users);
    const invitations = users.map(({ email }, number) =>
      newInvitation(rows[number % organizations], email, 7),
    );
    await insert("invitation", invitations);
    return invitations.map(({ id }, number) =>
      post("accept-invitation", signedIn[number], { invitationId: id }),
    );
  },
};

process.on("disconnect", () => process.exit());
process.on("message", async ({ row, count }) => process.send({ requests: await REQUESTS[row](count) }));

const server = createServer(toNodeHandler(auth)).listen(0, "127.0.0.1");
await once(server, "listening");
process.send(server.address());
