import type { Knex } from "knex";
import type { QueryBuilder, Raw } from "objection";
import { z } from "zod";
import type { Caller } from "../access/caller.ts";
import type { IdPrefix } from "../lib/id.ts";
import type { BaseModel } from "../models/base-model.ts";

/** The caller for whom rows are read. */
export interface Viewer {
  db: Knex;
  environment_id: string;
  caller: Caller;
  /** The permissions of the caller's roles in the environment. */
  environment_permissions: string[];
  /** Set if the rows are found by the type's `leads`. These lead only to visible rows, so rows needn't be checked. */
  isLed?: true;
}

/**
 * Leads a viewer to rows: they see the rows whose `column` holds an id from here. It starts from the viewer's own
 * rows, mostly their memberships, so that a read costs no more in a larger environment.
 */
export interface Lead {
  /** Qualified, such as `invitations.organization_id`. */
  column: string;
  /** Rows without columns, under an alias that no other query uses. */
  from: Knex.QueryBuilder;
  /** The column with the id. */
  key: string;
}

export type Rows<Row extends BaseModel> = QueryBuilder<Row, Row[]>;

/** The row has the id of another resource. */
interface ToOne<Row> {
  type: string;
  id(row: Row): string | null;
}

/** The row has the ids of a few other resources, which are always shown. */
interface ToFew<Row> {
  type: string;
  ids(row: Row): string[];
}

/**
 * Any number of rows of the other type have this row's id in `column`. Their ids are shown if they are included, else
 * only a link.
 */
interface ToMany {
  type: string;
  column: string;
}

export type RelationshipType<Row> = ToOne<Row> | ToFew<Row> | ToMany;

export interface Filter<Row extends BaseModel> {
  value: z.ZodType;
  /**
   * Returns the condition, or several for rows in several places. A list takes the first rows of each place by an
   * index. A single condition with `or` would read all rows.
   */
  places(value: unknown, viewer: Viewer): Array<(rows: Rows<Row>) => void>;
  /** Set if it finds few rows by an index. Checking each of them is then faster than following a lead. */
  findsFew?: true;
  /** Its values are a few words that decide which places there are. A list's other filters get parameters for values. */
  byWords?: true;
}

/** Why a response shows an attribute. */
export interface Asked {
  /** Whether `fields[type]` names it. */
  named: boolean;
  /** Whether it belongs to the primary data and not to included resources. */
  primary: boolean;
}

/** Returns what to select for an attribute, or undefined if the viewer may not see it. */
type Demanded = (viewer: Viewer, asked: Asked) => string | Raw | undefined;

/**
 * A resource type as data: what a caller may see of it, its attributes and relationships, and how it is sorted and
 * filtered. All reading relies on this, so rows that `visible` hides are hidden everywhere: in lists, by id, related
 * and included.
 */
export interface ResourceType<Row extends BaseModel = BaseModel> {
  type: string;
  /** Kebab-case plural, below `/api`. */
  path: string;
  prefix: IdPrefix;
  /** Says what such a resource is, for the documentation. */
  description: string;
  /** Says which signed-in users see which rows, for the documentation. */
  seenBy: string;
  /** The callers who may read it, unless every caller with the scope may. */
  readBy?: "operator" | "program" | "user";
  /** The scope for reading it, if that is another type's. */
  scope?: string;
  /**
   * Makes a new query for the visible rows. It selects the table's columns, qualified, and everything else that
   * `attributes` needs.
   */
  visible(viewer: Viewer): Rows<Row>;
  /** Returns leads to the visible rows, or undefined if the viewer may see a whole environment, or `visible` is enough. */
  leads?(viewer: Viewer): Lead[] | undefined;
  /** The attributes: columns of the same names, and those of `computed`. */
  attributes: z.ZodObject;
  /** Attributes that are large, costly or hidden from some. `visible` leaves them out. Responses that show them select them. */
  onDemand?: Record<string, Demanded>;
  computed?(row: Row): Record<string, unknown>;
  relationships: Record<string, RelationshipType<Row>>;
  /** The columns besides `id` by which lists may be sorted. They are never null. */
  sortable: string[];
  filters: Record<string, Filter<Row>>;
  /** By name, parts of it that endpoints of their own list. Their values are parameters. */
  parts?: Record<string, (rows: Rows<Row>) => void>;
}

const declared = new Map<string, ResourceType>();

/** Declares a resource type, and forgets the type of its rows. Code that reads a type calls its functions only with its own rows. */
export function resourceType<Row extends BaseModel>(declaration: ResourceType<Row>): ResourceType {
  const type = declaration as unknown as ResourceType;
  declared.set(type.type, type);
  return type;
}

/** Returns all declared types. Complete once `management/all-resources.ts` is loaded. */
export function declaredTypes(): ResourceType[] {
  return [...declared.values()];
}

/** @throws for a name that no type declares, which is a bug in a declaration. */
export function resourceTypeNamed(name: string): ResourceType {
  const type = declared.get(name);
  if (type === undefined) throw new Error(`There is no resource type ${name}`);
  return type;
}

/** Metadata that a team stores with a row. */
export const storedMetadata = z.record(z.string(), z.unknown());

/** Rows per table. */
export const counts = z.record(z.string(), z.int());

/** Returns the scope that an access token needs to read this type. */
export function readScope({ path, scope }: ResourceType): string {
  return scope ?? `${path.replaceAll("-", "_")}:read`;
}
