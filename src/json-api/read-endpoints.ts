import { z } from "zod";
import { operator, program, signedIn } from "../access/allow.ts";
import { type Endpoint, type EndpointRequest, endpoint, type OneRequest } from "../http/endpoint.ts";
import type { BaseModel } from "../models/base-model.ts";
import { identifies, lists, shows, showsRelated } from "./answers.ts";
import { linkageOf, type Resource } from "./document.ts";
import { findVisible, selectDemanded } from "./find-visible.ts";
import { listDocument, singleDocument } from "./read-documents.ts";
import {
  collectionParameters,
  pageParameters,
  readShape,
  type Shape,
  shapeParameters,
} from "./read-parameters.ts";
import {
  type RelationshipType,
  type ResourceType,
  type Rows,
  readScope,
  resourceTypeNamed,
} from "./resource-type.ts";
import { viewerOf } from "./viewer.ts";

type Query = Record<string, unknown>;
type Request = OneRequest<unknown, Query>;

/**
 * Everything that can be read of a type: the collection, a resource, and for each relationship the related resources
 * and the bare linkage. One place, so that every type reads alike.
 */
export function readEndpoints(type: ResourceType): Endpoint[] {
  const name = type.type.replaceAll("_", " ");
  const base = { method: "GET", limit: "read", allow: readableBy(type) } as const;
  const collection = z.strictObject(collectionParameters(type)) as z.ZodType<Query>;
  const single = z.strictObject(shapeParameters(type)) as z.ZodType<Query>;
  return [
    endpoint({
      ...base,
      path: `/api/${type.path}`,
      summary: `List every ${name} the caller may see.`,
      query: collection,
      answers: lists(type),
      handle: async (request) => ({
        status: 200,
        document: await listDocument(readRequestOf(request), type),
      }),
    }),
    endpoint({
      ...base,
      path: `/api/${type.path}/:id`,
      summary: `Read one ${name}.`,
      query: single,
      answers: shows(type),
      handle: async (request) => ({
        status: 200,
        document: await singleDocument(
          readRequestOf(request),
          type,
          await findRow(request, type, readShape(request.query)),
        ),
      }),
    }),
    ...Object.entries(type.relationships).flatMap(([relationship, to]) =>
      relationshipEndpoints(type, relationship, to),
    ),
  ];
}

function relationshipEndpoints(
  type: ResourceType,
  name: string,
  relationship: RelationshipType<BaseModel>,
): Endpoint[] {
  const to = resourceTypeNamed(relationship.type);
  const many = !("id" in relationship);
  const shape = z.strictObject(many ? collectionParameters(to) : shapeParameters(to)) as z.ZodType<Query>;
  const base = { method: "GET", limit: "read", allow: readableBy(type, readScope(to)) } as const;
  const of = `of one ${type.type.replaceAll("_", " ")}`;
  return [
    endpoint({
      ...base,
      path: `/api/${type.path}/:id/${name}`,
      summary: `Read the ${name} ${of}.`,
      query: shape,
      answers: many ? lists(to) : showsRelated(to),
      async handle(request) {
        const row = await findRow(request, type);
        const narrow = relatedTo(row, relationship);
        if (many) return { status: 200, document: await listDocument(readRequestOf(request), to, narrow) };
        const rows = to.visible(viewerOf(request));
        narrow(rows);
        const shown = { shape: readShape(request.query), primary: true };
        const [related] = await selectDemanded(rows, to, viewerOf(request), shown).limit(1).execute();
        return { status: 200, document: await singleDocument(readRequestOf(request), to, related ?? null) };
      },
    }),
    endpoint({
      ...base,
      path: `/api/${type.path}/:id/relationships/${name}`,
      summary: `Read the ${name} ${of}: ${many ? "types and ids" : "type and id"} only.`,
      query: z.strictObject(many ? pageParameters(to) : {}) as z.ZodType<Query>,
      answers: identifies(to, many),
      async handle(request) {
        const row = await findRow(request, type);
        const links = { self: request.url, related: `/api/${type.path}/${row.id}/${name}` };
        if (!many) return { status: 200, document: { ...linkageOf(relationship, row, undefined), links } };
        const identifiersOnly = { ...request.query, [`fields[${to.type}]`]: "" };
        const page = await listDocument(
          { ...readRequestOf(request), query: identifiersOnly },
          to,
          relatedTo(row, relationship),
        );
        const data = (page.data as Resource[]).map(({ type: kind, id }) => ({ type: kind, id }));
        return { status: 200, document: { data, links: { ...page.links, ...links } } };
      },
    }),
  ];
}

/** @param scope what an access token needs. */
function readableBy(type: ResourceType, scope = readScope(type)) {
  if (type.readBy === "operator")
    return operator({ environment: type.type === "environment" ? "none" : "request" });
  if (type.readBy === "program") return program(scope);
  return signedIn(type.readBy === "user" ? {} : { scope });
}

/** Leaves of the other type's rows those that a relationship of this row names. */
function relatedTo(row: BaseModel, relationship: RelationshipType<BaseModel>) {
  return (rows: Rows<BaseModel>): void => {
    const table = rows.modelClass().tableName;
    if ("column" in relationship) {
      void rows.where(`${table}.${relationship.column}`, row.id);
      return;
    }
    const ids =
      "ids" in relationship ? relationship.ids(row) : [relationship.id(row)].filter((id) => id !== null);
    void rows.whereIn(`${table}.id`, ids);
  };
}

function findRow(request: Request, type: ResourceType, shape?: Shape): Promise<BaseModel> {
  return findVisible(request, type, request.params.id, shape === undefined ? {} : { shape });
}

function readRequestOf(request: EndpointRequest<unknown, Query, object>) {
  return { viewer: viewerOf(request), query: request.query, url: request.url };
}
