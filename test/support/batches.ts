import { runInvitationBatches } from "../../src/invitation-batches/run-invitation-batches.ts";
import type { Organization } from "../../src/models/organization.ts";
import type { Api, ApiAnswer } from "./api.ts";
import { buildOrganization, buildPerson, uniqueEmail } from "./builders.ts";
import type { Guildhall } from "./guildhall.ts";

/** An organization whose admins manage members, and its owner's client. */
export async function buildTeam(guildhall: Guildhall) {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  return { owner, organization, api: guildhall.api.as(owner.token) };
}

export function someEmails(count: number): string[] {
  return Array.from({ length: count }, uniqueEmail);
}

/** Rows that say nothing but the address. */
export function rowsTo(addresses: string[]): Array<{ email: string }> {
  return addresses.map((email) => ({ email }));
}

/** The document that invites many. */
export function batchTo(organizationId: string, rows: unknown, attributes: object = {}) {
  const relationships = { organization: { data: { type: "organization", id: organizationId } } };
  return { data: { type: "invitation_batch", attributes: { rows, ...attributes }, relationships } };
}

/** Sends a batch. @returns its id. @throws unless it is taken. */
export async function sendBatch(
  api: Api,
  { id }: Pick<Organization, "id">,
  rows: unknown[],
  attributes: object = {},
): Promise<string> {
  return taken(await api.post("/api/invitation-batches", batchTo(id, rows, attributes)));
}

/** The id of a batch that was taken. @throws where it was refused. */
export function taken({ status, body }: ApiAnswer): string {
  if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body.data.id;
}

/** Posts a file. */
export function sendCsv(api: Api, csv: string, query: string, type = "text/csv"): Promise<ApiAnswer> {
  return api.post(`/api/invitation-batches?${query}`, csv, { "Content-Type": type });
}

/** Works every batch off, here and now. */
export function runBatches({ context }: Guildhall, aborted: () => boolean = () => false): Promise<void> {
  return runInvitationBatches(context, aborted);
}

/** The outcomes of a batch's rows, in order. */
export function rowsOf({ db }: Guildhall, batchId: string) {
  return db("invitation_batch_rows")
    .where({ batch_id: batchId })
    .orderBy("number")
    .select("number", "line", "email", "status", "code", "detail", "invitation_id", "input");
}

/** A batch as the operator reads it. */
export async function readBatch({ api }: Guildhall, batchId: string, environment = "acme-test") {
  return (await api.in(environment).get(`/api/invitation-batches/${batchId}`)).body.data;
}

/** Addresses of a batch's invitations. */
export function invitedTo({ db }: Guildhall, { id }: Pick<Organization, "id">): Promise<string[]> {
  return db("invitations").where({ organization_id: id }).orderBy("email").pluck("email");
}
