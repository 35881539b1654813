import type { Endpoint } from "../http/endpoint.ts";

type Asked = Pick<Endpoint, "path" | "who" | "scope" | "permission" | "personal" | "allowed">;

/** Who may call an endpoint of the Bridge API, in sentences. */
export function bridgeWhoMay(endpoint: Asked): string {
  const { who, scope } = endpoint;
  if (who === "program")
    return `Programs alone: the operator's token, or an access token with the scope \`${scope}\`.`;
  const people = peopleWho(endpoint);
  return who === "user"
    ? `${people} By a session alone.`
    : `${people} An access token needs the scope \`${scope}\`. The operator's token may always.`;
}

function peopleWho({ path, permission, personal, allowed }: Asked): string {
  if (allowed !== undefined) return allowed;
  if (permission === undefined) return "Anybody who is signed in.";
  if (personal && path.includes("/:id"))
    return `Whom it belongs to, and in an organization every member with \`${permission}\`.`;
  if (personal) return `Everybody for themselves; for an organization a member with \`${permission}\` there.`;
  const note = permission === "members:manage" ? LEFT_TO_OWNER : "";
  return `A member with \`${permission}\` in the organization${note}.`;
}

const LEFT_TO_OWNER = ": the owner, and its admins where `member_management` is `owner_and_admins`";
