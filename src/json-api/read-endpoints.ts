import { z } from "zod";
import { operator, program, signedIn } from "../access/allow.ts";
import { type Endpoint, type EndpointRequest, endpoint } from "../http/endpoint.ts";
import { pascalCase } from "../lib/names.ts";
import type { BaseModel } from "../models/base-model.ts";
import { identifies, lists, shows, showsRelated } from "./answers.ts";
import { linkageOf, type Resource } from "./document.ts";
import { findRow, findVisible } from "./find-visible.ts";
import { listDocument, singleDocument } from "./read-documents.ts";
import {
  collectionParameters,
  demandedOf,
  pageParameters,
  readShape,
  shapeParameters,
} from "./read-parameters.ts";
import { type RelationshipType, type ResourceType, readScope, resourceTypeNamed } from "./resource-type.ts";
import { viewerOf } from "./viewer.ts";

type Query = Record<string, unknown>;

/**
 * Declares all endpoints that read a type: the collection, a resource, and for each relationship the related
 * resources and their ids. So all types are read in the same way.
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
      operationId: `list${pascalCase(type.path)}`,
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
      operationId: `read${pascalCase(type.type)}`,
      summary: `Read one ${name}.`,
      query: single,
      answers: shows(type),
      handle: async (request) => ({
        status: 200,
        document: await singleDocument(
          readRequestOf(request),
          type,
          await findVisible(request, type, request.params.id, { shape: readShape(request.query) }),
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
  const which = { of: type.type, relationship: name };
  const of = `of one ${type.type.replaceAll("_", " ")}`;
  return [
    endpoint({
      ...base,
      path: `/api/${type.path}/:id/${name}`,
      operationId: `read${pascalCase(name)}Of${pascalCase(type.type)}`,
      summary: `Read the ${name} ${of}.`,
      query: shape,
      answers: many ? lists(to) : showsRelated(to),
      async handle(request) {
        const row = await findVisible(request, type, request.params.id);
        const read = readRequestOf(request);
        if (!("id" in relationship)) {
          const related = { which, values: { related: relatedTo(row, relationship) } };
          return { status: 200, document: await listDocument(read, to, related) };
        }
        const id = relationship.id(row);
        const shown = { demanded: demandedOf(to, readShape(request.query)), isOwnWrite: false };
        const related = id === null ? undefined : await findRow(read.viewer, to, id, shown);
        return { status: 200, document: await singleDocument(read, to, related ?? null) };
      },
    }),
    endpoint({
      ...base,
      path: `/api/${type.path}/:id/relationships/${name}`,
      operationId: `read${pascalCase(name)}LinkageOf${pascalCase(type.type)}`,
      summary: `Read the ${name} ${of}: ${many ? "types and ids" : "type and id"} only.`,
      query: z.strictObject(many ? pageParameters(to) : {}) as z.ZodType<Query>,
      answers: identifies(to, many),
      async handle(request) {
        const row = await findVisible(request, type, request.params.id);
        const links = { self: request.url, related: `/api/${type.path}/${row.id}/${name}` };
        if ("id" in relationship)
          return { status: 200, document: { ...linkageOf(relationship, row, undefined), links } };
        const identifiersOnly = { ...request.query, [`fields[${to.type}]`]: "" };
        const page = await listDocument({ ...readRequestOf(request), query: identifiersOnly }, to, {
          which,
          values: { related: relatedTo(row, relationship) },
        });
        const data = (page.data as Resource[]).map(({ type: kind, id }) => ({ type: kind, id }));
        return { status: 200, document: { data, links: { ...page.links, ...links } } };
      },
    }),
  ];
}

/** @param scope the scope that an access token needs. */
function readableBy(type: ResourceType, scope = readScope(type)) {
  if (type.readBy === "operator")
    return operator({ environment: type.type === "environment" ? "none" : "request" });
  if (type.readBy === "program") return program(scope);
  return signedIn(type.readBy === "user" ? {} : { scope });
}

/** The value by which the other type's rows are found: this row's id, or theirs. */
function relatedTo(
  row: BaseModel,
  relationship: Exclude<RelationshipType<BaseModel>, { id: unknown }>,
): string | string[] {
  return "ids" in relationship ? relationship.ids(row) : row.id;
}

function readRequestOf(request: EndpointRequest<unknown, Query, object>) {
  return { viewer: viewerOf(request), query: request.query, url: request.url };
}
