import type { Knex } from "knex";
import type { QueryBuilder, Raw } from "objection";
import { z } from "zod";
import type { Caller } from "../access/caller.ts";
import type { IdPrefix } from "../lib/id.ts";
import type { BaseModel } from "../models/base-model.ts";

/** Whose eyes a read is made with. */
export interface Viewer {
  db: Knex;
  environment_id: string;
  caller: Caller;
  /** Of the caller's roles in the environment. */
  environment_permissions: string[];
  /** Set where the rows are found by the type's `leads`, which lead to visible rows alone: none has to be checked. */
  isLed?: true;
}

/**
 * Leads a viewer to rows: they see the rows whose `column` holds an id from here. It starts from the viewer's own rows,
 * mostly their memberships, so that a read doesn't cost more in a larger environment.
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

/** Another resource's id is in the row. */
interface ToOne<Row> {
  type: string;
  id(row: Row): string | null;
}

/** The ids of a few are in the row: shown always. */
interface ToFew<Row> {
  type: string;
  ids(row: Row): string[];
}

/** Any number of rows of the other type hold this one's id in `column`: shown when included, else linked to. */
interface ToMany {
  type: string;
  column: string;
}

export type RelationshipType<Row> = ToOne<Row> | ToFew<Row> | ToMany;

export interface Filter<Row extends BaseModel> {
  value: z.ZodType;
  /**
   * The condition; or several, where rows are looked for in several places. A list takes the first rows of each, by an
   * index, where one condition with `or` would read all there are.
   */
  places(value: unknown, viewer: Viewer): Array<(rows: Rows<Row>) => void>;
  /** It finds few rows, by an index: checking each of them is quicker than following a lead. */
  findsFew?: true;
  /** Its values are a few words that decide which places there are. A list's other filters get parameters for values. */
  byWords?: true;
}

/** How an answer comes to show an attribute. */
export interface Asked {
  /** `fields[type]` names it. */
  named: boolean;
  /** It is of the primary data, and not of what is included. */
  primary: boolean;
}

/** What to select for an attribute; undefined where the viewer may not see it. */
export type Demanded = (viewer: Viewer, asked: Asked) => string | Raw | undefined;

/**
 * A resource type as data: what of it a caller may see, how it looks, what it relates to, how it is sorted and filtered.
 * Reading is done from this alone, so what `visible` hides is absent everywhere: in lists, by id, related, included.
 */
export interface ResourceType<Row extends BaseModel = BaseModel> {
  type: string;
  /** Kebab-case plural, below `/api`. */
  path: string;
  prefix: IdPrefix;
  /** What one is, for the documentation. */
  description: string;
  /** Which signed-in users see which, for the documentation. */
  seenBy: string;
  /** Who may read it, where that is not every caller with the scope. */
  readBy?: "operator" | "program" | "user";
  /** What an access token must allow to read it, where that is another type's. */
  scope?: string;
  /** A fresh query each time; its columns are those of the table, qualified, and what `attributes` needs. */
  visible(viewer: Viewer): Rows<Row>;
  /** What leads this viewer to the visible rows; undefined where they may see all of an environment, or `visible` is enough. */
  leads?(viewer: Viewer): Lead[] | undefined;
  /** What it shows, and nothing else: the columns of these names, and what `computed` says. */
  attributes: z.ZodObject;
  /** Attributes that are large, costly, or hidden from some. `visible` leaves them out; an answer that shows them selects them. */
  onDemand?: Record<string, Demanded>;
  computed?(row: Row): Record<string, unknown>;
  relationships: Record<string, RelationshipType<Row>>;
  /** Columns it may be sorted by besides `id`; none of them null. */
  sortable: string[];
  filters: Record<string, Filter<Row>>;
  /** By name, parts of it that endpoints of their own list. Their values are parameters. */
  parts?: Record<string, (rows: Rows<Row>) => void>;
}

const declared = new Map<string, ResourceType>();

/**
 * Declares a resource type, and forgets the type of its rows: code that reads a type hands its functions only rows of
 * that type.
 */
export function resourceType<Row extends BaseModel>(declaration: ResourceType<Row>): ResourceType {
  const type = declaration as unknown as ResourceType;
  declared.set(type.type, type);
  return type;
}

/** Every declared type. Complete once `management/all-resources.ts` is loaded. */
export function declaredTypes(): ResourceType[] {
  return [...declared.values()];
}

/** @throws for a name that no type declares, which is a bug in a declaration. */
export function resourceTypeNamed(name: string): ResourceType {
  const type = declared.get(name);
  if (type === undefined) throw new Error(`There is no resource type ${name}`);
  return type;
}

/** Whatever a team keeps beside a row. */
export const storedMetadata = z.record(z.string(), z.unknown());

/** Rows per table. */
export const counts = z.record(z.string(), z.int());

/** What an API client's token must allow to read this type. */
export function readScope({ path, scope }: ResourceType): string {
  return scope ?? `${path.replaceAll("-", "_")}:read`;
}
