import { beforeAll, describe, expect, test } from "vitest";
import { buildOrganization, buildPerson } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import { bridgeRefusal, buildTeammates, NOT_ALLOWED, type Teammates } from "./support/teammates.ts";

const guildhall = useGuildhall();
let team: Teammates;

beforeAll(async () => {
  team = await buildTeammates(guildhall);
});

const LIST = "/bridge-payment/organizations";
const NOBODY = "there-is-no-such-session";
const UNAUTHORIZED = bridgeRefusal(401, "unauthorized", "Authentication required");

describe("a session", () => {
  const anonymous = () => guildhall.api.as(null);
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

  test("may be sent as X-Session-ID or as Authorization: Bearer", async () => {
    const { token } = team.owner;
    for (const headers of [{ "X-Session-ID": token }, bearer(token), { Authorization: `bearer ${token}` }])
      expect((await anonymous().get(LIST, headers)).status).toBe(200);
  });

  test("sent as Bearer wins over X-Session-ID, right or wrong", async () => {
    const { owner, member } = team;
    const both = { ...bearer(member.token), "X-Session-ID": owner.token };
    const { body } = await anonymous().get(team.path, both);
    expect(body.data.your_role).toBe("member");
    expect(await owner.api.get(LIST, bearer(NOBODY))).toMatchObject(UNAUTHORIZED);
    expect(await owner.api.get(LIST, bearer(OPERATOR_TOKEN))).toMatchObject({ status: 403 });
    expect((await owner.api.get(LIST, { ...bearer(owner.token), "X-Session-ID": NOBODY })).status).toBe(200);
  });

  test("is refused by name as a query parameter, because logs keep those", async () => {
    const { owner } = team;
    for (const path of [LIST, team.path, "/bridge-payment/payments"]) {
      const answer = await owner.api.get(`${path}?session_id=${owner.token}`);
      const fields = [{ field: "session_id", code: "unknown_parameter" }];
      expect(answer).toMatchObject({ status: 400, body: { code: "unknown_parameter", fields } });
      expect(JSON.stringify(answer.body)).not.toContain(owner.token);
    }
    expect(await anonymous().get(`${LIST}?session_id=${owner.token}`)).toMatchObject(UNAUTHORIZED);
  });

  test("is refused once it is revoked or expired", async () => {
    for (const change of [{ revoked_at: new Date() }, { expires_at: new Date(Date.now() - 1_000) }]) {
      const { user, token } = await buildPerson(guildhall);
      const api = guildhall.api.as(token);
      expect((await api.get(LIST)).status).toBe(200);
      await guildhall.db("sessions").where({ user_id: user.id }).update(change);
      expect(await api.get(LIST)).toMatchObject(UNAUTHORIZED);
    }
  });

  test.each(["", "x", "null", "undefined", "Bearer", "a b", "x".repeat(5_000)])(
    "with the token “%.12s” is refused",
    async (token) => {
      expect(await anonymous().get(LIST, { "X-Session-ID": token })).toMatchObject(UNAUTHORIZED);
    },
  );
});

describe("in another environment", () => {
  test("a session is refused in another environment", async () => {
    await buildPerson(guildhall, { environment: "globex" });
    const elsewhere = guildhall.api.in("globex").as(team.owner.token);
    for (const path of [LIST, team.path, `${team.path}/members`])
      expect(await elsewhere.get(path)).toMatchObject(UNAUTHORIZED);
  });

  test("organizations, members and users look as if they didn't exist", async () => {
    const foreigner = await buildPerson(guildhall, { environment: "globex" });
    const foreign = await buildOrganization(guildhall, foreigner);
    const { owner, path } = team;
    const theirs = `${LIST}/${foreign.id}`;
    const refused = bridgeRefusal(403, "forbidden", NOT_ALLOWED);
    for (const answer of [
      await owner.api.get(theirs),
      await owner.api.put(theirs, { name: "Mine" }),
      await owner.api.delete(theirs),
      await owner.api.get(`${theirs}/members`),
      await owner.api.get(`/bridge-payment/payments?organization_id=${foreign.id}`),
    ])
      expect(answer).toMatchObject(refused);
    const [member] = await guildhall.db("memberships").where({ organization_id: foreign.id }).pluck("id");
    expect(await owner.api.delete(`${path}/members/${member}`)).toMatchObject(
      bridgeRefusal(404, "not_found"),
    );
    expect(await owner.api.post(`${path}/transfer-ownership`, { user_id: foreigner.user.id })).toMatchObject(
      bridgeRefusal(404, "not_found"),
    );
  });
});
