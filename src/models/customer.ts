import { SharedResource } from "./shared-resource.ts";

/** Whom a payment provider knows. */
export class Customer extends SharedResource {
  static override tableName = "customers";

  declare provider_id: string | null;
  declare provider_customer_id: string | null;
  declare email: string;
  declare name: string | null;
  declare first_name: string | null;
  declare last_name: string | null;
  declare phone: string | null;
}
