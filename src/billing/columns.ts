import type { Knex } from "knex";
import type { Model } from "objection";
import type { SharedResource } from "../models/shared-resources.ts";

type Given = Exclude<keyof SharedResource, "metadata">;

/** Columns of a resource that a verb writes: values, or what the database computes. */
export type Columns<Row extends SharedResource> = {
  [Column in Exclude<keyof Row, keyof Model | Given>]?: Row[Column] | Knex.Raw;
};
