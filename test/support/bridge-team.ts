import { expect } from "vitest";
import type { Organization } from "../../src/models/organization.ts";
import type { Api, ApiAnswer } from "./api.ts";
import { buildMember, buildOrganization, buildPerson, type Person, unique, uniqueEmail } from "./builders.ts";
import type { Guildhall } from "./guildhall.ts";

/** An organization with members, and an outsider. */
export interface Team {
  organization: Organization;
  owner: Person;
  billing: Person;
  member: Person;
  outsider: Person;
}

export async function buildTeam(guildhall: Guildhall): Promise<Team> {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner);
  const billing = await buildMember(guildhall, organization, "billing");
  const member = await buildMember(guildhall, organization, "member");
  return { organization, owner, billing, member, outsider: await buildPerson(guildhall) };
}

/** A kind of resource, as front ends use it. */
export interface Kind {
  name: string;
  /** The path of its list. */
  path: string;
  /** The path for creating one. Below it are the paths for changing one. */
  intents: string;
  /** The smallest body that creates one. */
  least(): object;
  /** A valid change. */
  change: object;
  deletable: boolean;
}

export const SUBSCRIPTIONS: Kind = {
  name: "a subscription",
  path: "/bridge-payment/subscriptions",
  intents: "/bridge-payment/subscriptions",
  least: () => ({ total_cents: 49_999 }),
  change: { metadata: { seats: 5 } },
  deletable: false,
};
export const PAYMENT_METHODS: Kind = {
  name: "a payment method",
  path: "/bridge-payment/payment-methods",
  intents: "/bridge-payment/payment-methods",
  least: () => ({ type: "card", card_token: unique("tok_visa") }),
  change: { alias: "the blue one" },
  deletable: true,
};
export const ADDRESSES: Kind = {
  name: "an address",
  path: "/bridge-payment/addresses",
  intents: "/bridge-payment/addresses",
  least: () => ({ line1: "123 Business St", city: "San Francisco", country: "US" }),
  change: { line2: "Suite 100" },
  deletable: true,
};
export const CUSTOMERS: Kind = {
  name: "a customer",
  path: "/bridge-payment/customers",
  intents: "/bridge-payment/customers",
  least: () => ({ email: uniqueEmail() }),
  change: { name: "Jane Smith" },
  deletable: true,
};
export const PAYMENTS: Kind = {
  name: "a payment",
  path: "/bridge-payment/payments",
  intents: "/bridge-payment/payments/intents",
  least: () => ({ total_cents: 10_000 }),
  change: { description: "Invoice Payment" },
  deletable: false,
};
export const KINDS = [SUBSCRIPTIONS, PAYMENT_METHODS, ADDRESSES, CUSTOMERS, PAYMENTS];

/** Creates a resource. @returns the response's `data`. @throws unless it was created. */
// biome-ignore lint/suspicious/noExplicitAny: as in api.ts, a wrong path fails the test.
export async function create(api: Api, kind: Kind, values: object = {}): Promise<any> {
  const answer = await api.post(kind.intents, { ...kind.least(), ...values });
  if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body.data;
}

/** Returns the ids on a page, in order. */
export function idsOf({ body }: ApiAnswer): string[] {
  return body.data.map(({ id }: { id: string }) => id);
}

/** Returns an error of the Bridge API for `toMatchObject`. @param field a member of the body, or a parameter. */
export function no(status: number, code: string, field?: string): object {
  // A field may have several problems.
  const fields = expect.arrayContaining([expect.objectContaining({ field, code })]);
  return { status, body: { success: false, code, ...(field === undefined ? {} : { fields }) } };
}
