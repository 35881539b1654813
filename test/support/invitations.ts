import type { Organization } from "../../src/models/organization.ts";
import type { Api, ApiAnswer } from "./api.ts";
import { invitationTo, uniqueEmail } from "./builders.ts";
import type { Guildhall } from "./guildhall.ts";

/** A new invitation. */
export interface Invited {
  id: string;
  email: string;
  /** Its path below `/api`. */
  path: string;
}

/** Invites a new person, by default as the operator. @throws if that is refused. */
export async function invited(
  { api }: Guildhall,
  { id }: Pick<Organization, "id">,
  {
    by = api,
    email = uniqueEmail(),
    ...attributes
  }: { by?: Api; email?: string; [attribute: string]: unknown } = {},
): Promise<Invited> {
  const { status, body } = await by.post("/api/invitations", invitationTo(id, email, attributes));
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  return { id: body.data.id, email, path: body.data.links.self };
}

/** Returns the token in the n-th link of an invitation. */
export function linkToken({ context }: Guildhall, invitationId: string, tokenVersion = 1): string {
  return context.linkKeys.sign({ invitationId, tokenVersion });
}

/** Answers with the n-th link, without a session. */
export function answerByLink(
  guildhall: Guildhall,
  { id }: Pick<Invited, "id">,
  how: "accept" | "decline",
  version = 1,
): Promise<ApiAnswer> {
  const token = linkToken(guildhall, id, version);
  return guildhall.api.as(null).post(`/api/invitations/${id}/${how}`, { meta: { token } });
}

/** Opens the n-th link as a browser would, and follows it to the last page. */
export async function openLink({ api, ...guildhall }: Guildhall, id: string, version = 1) {
  const token = linkToken({ api, ...guildhall }, id, version);
  const opened = await fetch(`${api.origin}/i/${token}`, { redirect: "manual" });
  const headers = { Cookie: opened.headers.getSetCookie()[0]?.split(";")[0] ?? "", Accept: "text/html" };
  const shown = await fetch(api.origin + (opened.headers.get("Location") ?? ""), { headers });
  return { status: shown.status, page: await shown.text() };
}

/** Moves an invitation's expiry to this many seconds from now, by the database's clock. */
export async function expiresIn({ db }: Guildhall, id: string, seconds: number): Promise<void> {
  const expires_at = db.raw("clock_timestamp() + make_interval(secs => ?)", [seconds]);
  await db("invitations").where({ id }).update({ expires_at });
}

/** Skips the pause between two emails of one invitation, by moving them a minute back. */
export async function letCoolDown({ db }: Guildhall, id: string): Promise<void> {
  const created_at = db.raw("created_at - interval '1 minute'");
  await db("mail_deliveries").where({ invitation_id: id }).update({ created_at });
}

/** Sends all due emails and waits for them. */
export async function sendDue({ db, jobContext }: Guildhall): Promise<void> {
  await jobContext.deliveries.run();
  const sending = async () => (await db("mail_deliveries").where({ state: "sending" })).length;
  for (const deadline = Date.now() + 20_000; (await sending()) > 0; ) {
    if (Date.now() > deadline) throw new Error("mails are still under way");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Returns the emails of an invitation, in the order they were queued. */
export function deliveriesOf({ db }: Guildhall, id: string) {
  return db("mail_deliveries").where({ invitation_id: id }).orderBy("id").select();
}

/** Returns its events, oldest first. */
export function eventsOf({ db }: Guildhall, id: string) {
  return db("events").where({ subject_id: id }).orderBy("id").select();
}

/** Returns only their types. */
export async function eventTypesOf(guildhall: Guildhall, id: string): Promise<string[]> {
  return (await eventsOf(guildhall, id)).map(({ type }) => type);
}

export async function countOf({ db }: Guildhall, table: string, where: object): Promise<number> {
  return Number((await db(table).where(where).count("* as n").first())?.n);
}

/** Does something after a random delay of at most this many milliseconds, so that all orders occur. */
export async function later<Result>(milliseconds: number, work: () => Promise<Result>): Promise<Result> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * milliseconds));
  return work();
}

export function atOnce(times: number, work: (n: number) => Promise<ApiAnswer>): Promise<ApiAnswer[]> {
  return Promise.all(Array.from({ length: times }, (_, n) => work(n)));
}

/** Counts responses by status. */
export function statuses(answers: ApiAnswer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
