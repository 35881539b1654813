import type { Endpoint } from "../http/endpoint.ts";
import type { IdPrefix } from "../lib/id.ts";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import type { Components } from "./components.ts";
import type { ApiErrors } from "./error-responses.ts";
import type { MediaContent, Response } from "./openapi-types.ts";

/** What the two APIs document differently. */
export interface ApiDescription {
  errors: ApiErrors;
  /** Statuses of the errors an endpoint can answer with. */
  statusesOf(endpoint: Endpoint): number[];
  /** Who may call it, in sentences. */
  whoMay(endpoint: Endpoint): string;
  /** What an endpoint is about, and so what the id in its path belongs to. */
  subjectOf(endpoint: Endpoint): Subject;
  /** The schema and the example of a successful answer; undefined without a body. */
  content(endpoint: Endpoint, components: Components): MediaContent | undefined;
  bodyName(endpoint: Endpoint, schema: JsonSchema): string;
  isBodyRequired(endpoint: Endpoint): boolean;
  /** Other forms a body may come in, by media type. */
  otherForms?(endpoint: Endpoint): Record<string, MediaContent>;
  /** Other successful answers, by status. */
  otherAnswers?(endpoint: Endpoint, components: Components): Record<string, Response>;
}

/** Something with ids, such as a resource type. */
export interface Subject {
  type: string;
  prefix: IdPrefix;
}
