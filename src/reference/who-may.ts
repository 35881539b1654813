import type { Endpoint } from "../http/endpoint.ts";
import { resourceTypeNamed } from "../json-api/resource-type.ts";

type Asked = Pick<
  Endpoint,
  "method" | "who" | "scope" | "permission" | "environmentPermission" | "allowed" | "answers"
>;

/** Who may call an endpoint, in sentences. */
export function whoMay(endpoint: Asked): string {
  const { who, scope } = endpoint;
  if (who === "operator") return "The operator's token only.";
  const client = scope === undefined ? "" : ` An access token needs the scope \`${scope}\`.`;
  if (who === "program") return `No signed-in user.${client} The operator's token always may.`;
  return `${people(endpoint)}${client} The operator's token always may.`;
}

function people({ method, permission, environmentPermission, allowed, answers }: Asked): string {
  if (allowed !== undefined) return allowed;
  if (permission !== undefined) return `A member with \`${permission}\` in the organization.`;
  if (environmentPermission !== undefined)
    return `A user with \`${environmentPermission}\` in the environment.`;
  const seen = answers.data === undefined ? undefined : resourceTypeNamed(answers.data.type).seenBy;
  return method === "GET" && seen !== undefined ? seen : "Anyone who is signed in.";
}

type BridgeAsked = Pick<Endpoint, "path" | "who" | "scope" | "permission" | "personal" | "allowed">;

/** Who may call an endpoint of the Bridge API, in sentences. */
export function bridgeWhoMay(endpoint: BridgeAsked): string {
  const { who, scope } = endpoint;
  if (who === "program")
    return `Programs only: the operator's token, or an access token with the scope \`${scope}\`.`;
  const people = peopleWho(endpoint);
  return who === "user"
    ? `${people} With a session only.`
    : `${people} An access token needs the scope \`${scope}\`. The operator's token always may.`;
}

function peopleWho({ path, permission, personal, allowed }: BridgeAsked): string {
  if (allowed !== undefined) return allowed;
  if (permission === undefined) return "Anyone who is signed in.";
  if (personal && path.includes("/:id"))
    return `Its owner; in an organization, every member with \`${permission}\`.`;
  if (personal) return `Everyone for themselves; for an organization, a member with \`${permission}\` there.`;
  const note = permission === "members:manage" ? LEFT_TO_OWNER : "";
  return `A member with \`${permission}\` in the organization${note}.`;
}

const LEFT_TO_OWNER = ": the owner, and its admins where `member_management` is `owner_and_admins`";
