import type { Endpoint } from "../http/endpoint.ts";
import { resourceTypeNamed } from "../json-api/resource-type.ts";
import { RESOURCE_TEXTS } from "./resource-texts.ts";

type Asked = Pick<
  Endpoint,
  "method" | "who" | "scope" | "permission" | "environmentPermission" | "allowed" | "answers"
>;

/** Who may call an endpoint, in sentences. */
export function whoMay(endpoint: Asked): string {
  const { who, scope } = endpoint;
  if (who === "operator") return "The operator's token alone.";
  const client = scope === undefined ? "" : ` An access token needs the scope \`${scope}\`.`;
  if (who === "program") return `No signed-in user.${client} The operator's token may always.`;
  return `${people(endpoint)}${client} The operator's token may always.`;
}

function people({ method, permission, environmentPermission, allowed, answers }: Asked): string {
  if (allowed !== undefined) return allowed;
  if (permission !== undefined) return `A member with \`${permission}\` in the organization.`;
  if (environmentPermission !== undefined)
    return `A user with \`${environmentPermission}\` in the environment.`;
  const seen =
    answers.data === undefined ? undefined : RESOURCE_TEXTS[resourceTypeNamed(answers.data.type).type]?.seen;
  return method === "GET" && seen !== undefined ? seen : "Anybody who is signed in.";
}
