import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Organization } from "../../src/models/organization.ts";
import type { Api, ApiAnswer } from "./api.ts";
import { invitationTo, unique, uniqueEmail } from "./builders.ts";
import type { Guildhall } from "./guildhall.ts";
import { countOf, eventTypesOf, statuses } from "./invitations.ts";

/** An invitation that must be made only once, even if it is requested several times. */
export interface Wish {
  email: string;
  key: string;
  document: object;
}

export function wishFor({ id }: Pick<Organization, "id">, key: string = unique("key")): Wish {
  const email = uniqueEmail();
  return { email, key, document: invitationTo(id, email) };
}

export function ask(api: Api, { key, document }: Wish): Promise<ApiAnswer> {
  return api.post("/api/invitations", document, { "Idempotency-Key": key });
}

/** Repeats a request until it is answered, as a client does that lost the response. */
export async function insist(api: Api, wish: Wish): Promise<ApiAnswer> {
  for (const deadline = Date.now() + 20_000; ; await sleep(50)) {
    const answer = await ask(api, wish);
    if (answer.status === 201 || Date.now() > deadline) return answer;
    expect([409, 503], JSON.stringify(answer.body)).toContain(answer.status);
    if (answer.status === 409) expect(answer.body.errors[0].code).toBe("idempotency_in_progress");
  }
}

export function isReplay({ headers }: Pick<ApiAnswer, "headers">): boolean {
  return headers.has("Idempotency-Replayed");
}

/** Checks that there is one invitation, one event and one email, and that all responses show it. */
export async function expectOnce(guildhall: Guildhall, { email }: Wish, answers: ApiAnswer[]): Promise<void> {
  expect(statuses(answers)).toEqual({ 201: answers.length });
  const rows = await guildhall.db("invitations").where({ email }).select("id");
  expect(rows).toHaveLength(1);
  for (const { body } of answers) expect(body.data.id).toBe(rows[0].id);
  expect(await eventTypesOf(guildhall, rows[0].id)).toEqual(["invitation.created"]);
  expect(await countOf(guildhall, "mail_deliveries", { invitation_id: rows[0].id })).toBe(1);
}
