import type { BelongsTo, Named } from "./access-question.ts";
import type { Permission } from "./permissions.ts";

/** Finds in a request the organization whose permissions count, or something that belongs to it. */
export type Of<Input> = (input: Input) => Named;

/** A scope such as `invitations:write`. An endpoint without one is closed to programs. */
type Scope = string;

/** The rule that says who may call an endpoint. The functions below make it. */
export type Allow<Input = never> =
  | { kind: "operator"; environment: "request" | "none" }
  | { kind: "program"; scope: Scope }
  | SignedIn<Input>
  | { kind: "inEnvironment"; permission: Permission; scope: Scope; people: string }
  | Member<Input>
  | {
      kind: "linkHolder";
      scope: Scope;
      of: Of<Input>;
      people: string;
      environment: "request" | "invitation";
    };

interface SignedIn<Input> {
  kind: "signedIn";
  scope?: Scope;
  of?: Of<Input>;
  people: string;
}

interface Member<Input> {
  kind: "member";
  permission: Permission;
  scope?: Scope;
  of: Of<Input>;
  orOwn: boolean;
  judged: "first" | "with the key";
  people: string;
}

/** The kinds of callers that get in at all, before permissions and scopes are checked. */
export type Callers = "operator" | "program" | "user" | "caller" | "anyone";

/**
 * Allows only the operator's token.
 * @param environment `none`: the endpoint is about environments themselves, so a request names none.
 */
export function operator({ environment = "request" }: { environment?: "request" | "none" } = {}) {
  return { kind: "operator", environment } as const;
}

/** Allows the operator's token, and access tokens with the scope. */
export function program(scope: Scope) {
  return { kind: "program", scope } as const;
}

/**
 * Allows every signed-in user. The handler may refuse some of them.
 * @param scope lets programs call as well: an access token needs it.
 * @param of the organization whose permissions the handler checks.
 * @param people the sentence for the documents, if the handler refuses some.
 */
export function signedIn<Input = unknown>({
  people = "Anyone who is signed in.",
  ...rest
}: Partial<Omit<SignedIn<Input>, "kind">> = {}): SignedIn<NoInfer<Input>> {
  return { kind: "signedIn", people, ...rest };
}

/** Allows users whose role in the environment has the permission, and programs with the scope. */
export function inEnvironment(
  permission: Permission,
  { scope, people }: { scope: Scope; people?: string },
): Extract<Allow, { kind: "inEnvironment" }> {
  const usual = `A user with \`${permission}\` in the environment.`;
  return { kind: "inEnvironment", permission, scope, people: people ?? usual };
}

/**
 * Allows members of an organization whose roles there have the permission.
 * @param of the organization, or something that belongs to it.
 * @param scope lets programs call as well: an access token needs it.
 * @param orOwn whether it may also be something of the caller's own, which needs no permission. The command's query
 *   decides.
 * @param judged `with the key`: only after looking for a stored answer. A deletion that is repeated with its
 *   `Idempotency-Key` must find that answer, although nothing is left that would name the organization.
 * @param people the sentence for the documents, if the handler refuses some.
 */
export function member<Input>(
  permission: Permission,
  {
    people,
    orOwn = false,
    judged = "first",
    ...rest
  }: {
    of: Of<Input>;
    scope?: Scope;
    orOwn?: boolean;
    judged?: Member<Input>["judged"];
    people?: string;
  },
): Member<Input> {
  const usual = orOwn
    ? `Anyone for what is their own; for what belongs to an organization, a member with \`${permission}\` there.`
    : `A member with \`${permission}\` in the organization.`;
  const left = permission === "members:manage" ? ` ${LEFT_TO_OWNER}` : "";
  return { kind: "member", permission, orOwn, judged, people: people ?? usual + left, ...rest };
}

const LEFT_TO_OWNER = "Where its `member_management` is `owner`, only the owner has it.";

/**
 * Allows anyone, even without a credential: the handler looks for a link in the body.
 * @param environment `invitation`: that of the invitation in the path, whose link works under any name of the service.
 */
export function linkHolder<Input>(
  people: string,
  rest: { scope: Scope; of: Of<Input>; environment: "request" | "invitation" },
) {
  return { kind: "linkHolder", people, ...rest } as const;
}

/** Makes an `of` that takes the path's `:id` for the id of such a thing. */
export function inPath<By extends BelongsTo>(by: By): Of<{ params: { id: string } }> {
  return ({ params }) => ({ [by]: params.id });
}

/** Makes an `of` that takes the id from this relationship of the body. */
export function inBody<Name extends BelongsTo>(
  relationship: Name,
): Of<{ body: { relationships: { [Key in Name]?: string | undefined } } }> {
  return ({ body }) => ({ [relationship]: body.relationships[relationship] });
}

export function callersOf(allow: Allow): Callers {
  if (allow.kind === "operator" || allow.kind === "program") return allow.kind;
  if (allow.kind === "linkHolder") return "anyone";
  return allow.scope === undefined ? "user" : "caller";
}

/** Returns the scope that an access token needs, or undefined if none lets it in. */
export function scopeOf(allow: Allow): Scope | undefined {
  return allow.kind === "operator" ? undefined : allow.scope;
}

/** Returns where the environment comes from: the request, the invitation in the path, or nowhere. */
export function environmentOf(allow: Allow): "request" | "invitation" | "none" {
  return "environment" in allow ? allow.environment : "request";
}

/**
 * Says who may call, in sentences for the documents.
 * @param people replaces the sentence about users, for types that say who sees which rows.
 */
export function whoMay(allow: Allow, people?: string): string {
  if (allow.kind === "operator") return "Only the operator's token.";
  const { scope } = allow;
  if (allow.kind === "program")
    return `Only programs: the operator's token, or an access token with the scope \`${scope}\`.`;
  const users = people ?? allow.people;
  if (scope === undefined) return `${users} Only with a session.`;
  return `${users} An access token needs the scope \`${scope}\`. The operator's token always works.`;
}
