import { SharedResource } from "./shared-resource.ts";

export class Address extends SharedResource {
  static override tableName = "addresses";

  declare type: "billing" | "shipping" | "both";
  declare alias: string | null;
  declare name: string | null;
  declare line1: string | null;
  declare line2: string | null;
  declare city: string | null;
  declare state: string | null;
  declare postal_code: string | null;
  /** ISO 3166-1, two letters. */
  declare country: string;
  declare phone: string | null;
  declare email: string | null;
  /** Not complete yet: `line1` and `city` may be missing. */
  declare is_partial: boolean;
  declare is_business: boolean;
  declare business_name: string | null;
  declare tax_id: string | null;
  declare tax_id_type: string | null;
  /** The owner's one default of its type. */
  declare is_default: boolean;
}
