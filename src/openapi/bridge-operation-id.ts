import type { Endpoint } from "../http/endpoint.ts";
import { pascalCase } from "./names.ts";

const VERBS = { GET: "Read", POST: "Create", PUT: "Update", PATCH: "Update", DELETE: "Delete" } as const;
/** People are not made and unmade. */
const VERBS_OF_MEMBERS = { ...VERBS, POST: "Add", DELETE: "Remove" } as const;

/** By the collection's segment of a path, what one of it is called. */
const NOUNS: Record<string, string> = {
  organizations: "Organization",
  members: "Member",
  subscriptions: "Subscription",
  "payment-methods": "PaymentMethod",
  addresses: "Address",
  customers: "Customer",
  payments: "Payment",
  intents: "PaymentIntent",
};

/** By a path's last segment, what is done with one. */
const ACTIONS: Record<string, string> = {
  "transfer-ownership": "TransferOwnershipOf",
  "deletion-preview": "PreviewDeletionOf",
  deletion: "ReadDeletionOf",
  leave: "Leave",
  "set-default": "SetDefault",
  "billing-address": "SetBillingAddressOf",
  cancel: "Cancel",
  confirm: "Confirm",
  sync: "Sync",
};

/**
 * A name for the endpoint in generated clients: `bridgeListMembers`, `bridgeCancelSubscription`. All begin alike, for many
 * clients put the operations of both faces into one object. @throws for a path it has no words for.
 */
export function bridgeOperationId({ method, path }: Pick<Endpoint, "method" | "path">): string {
  const segments = path.split("/").slice(2);
  const last = segments.at(-1) ?? "";
  const collection = segments.findLast((segment) => segment in NOUNS) ?? "";
  const one = NOUNS[collection];
  const action = ACTIONS[last];
  if (one === undefined || (last !== collection && !last.startsWith(":") && action === undefined))
    throw new Error(`no name for ${method} ${path}`);
  if (action !== undefined) return `bridge${action}${one}`;
  if (last === collection && method === "GET") return `bridgeList${pascalCase(collection)}`;
  return `bridge${(one === "Member" ? VERBS_OF_MEMBERS : VERBS)[method]}${one}`;
}
