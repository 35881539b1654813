import { runInvitationBatches } from "../../src/invitation-batches/run-invitation-batches.ts";
import type { Organization } from "../../src/models/organization.ts";
import type { Api, ApiAnswer } from "./api.ts";
import { buildOrganization, buildPerson, uniqueEmail } from "./builders.ts";
import type { Guildhall } from "./guildhall.ts";

/** Creates an organization whose admins manage members. Returns it with its owner's client. */
export async function buildTeam(guildhall: Guildhall) {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  return { owner, organization, api: guildhall.api.as(owner.token) };
}

export function someEmails(count: number): string[] {
  return Array.from({ length: count }, uniqueEmail);
}

/** Returns rows with only an address. */
export function rowsTo(addresses: string[]): Array<{ email: string }> {
  return addresses.map((email) => ({ email }));
}

/** Returns the document that invites many people. */
export function batchTo(organizationId: string, rows: unknown, attributes: object = {}) {
  const relationships = { organization: { data: { type: "organization", id: organizationId } } };
  return { data: { type: "invitation_batch", attributes: { rows, ...attributes }, relationships } };
}

/** Sends a batch. @returns its id. @throws if it is refused. */
export async function sendBatch(
  api: Api,
  { id }: Pick<Organization, "id">,
  rows: unknown[],
  attributes: object = {},
): Promise<string> {
  return taken(await api.post("/api/invitation-batches", batchTo(id, rows, attributes)));
}

/** Returns the id of an accepted batch. @throws if it was refused. */
export function taken({ status, body }: ApiAnswer): string {
  if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body.data.id;
}

/** Posts a file. */
export function sendCsv(api: Api, csv: string, query: string, type = "text/csv"): Promise<ApiAnswer> {
  return api.post(`/api/invitation-batches?${query}`, csv, { "Content-Type": type });
}

/** Runs all batches now. */
export function runBatches({ context }: Guildhall, aborted: () => boolean = () => false): Promise<void> {
  return runInvitationBatches(context, aborted);
}

/** Returns the outcomes of a batch's rows, in order. */
export function rowsOf({ db }: Guildhall, batchId: string) {
  return db("invitation_batch_rows")
    .where({ batch_id: batchId })
    .orderBy("number")
    .select("number", "line", "email", "status", "code", "detail", "invitation_id", "input");
}

/** Reads a batch as the operator. */
export async function readBatch({ api }: Guildhall, batchId: string, environment = "acme-test") {
  return (await api.in(environment).get(`/api/invitation-batches/${batchId}`)).body.data;
}

/** Returns the addresses of a batch's invitations. */
export function invitedTo({ db }: Guildhall, { id }: Pick<Organization, "id">): Promise<string[]> {
  return db("invitations").where({ organization_id: id }).orderBy("email").pluck("email");
}
