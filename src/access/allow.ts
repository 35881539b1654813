import type { BelongsTo, Named } from "./access-question.ts";
import type { Permission } from "./permissions.ts";

/** Finds in a request what says which organization's permissions count. */
export type Of<Input> = (input: Input) => Named;

/** A scope such as `invitations:write`. An endpoint without one is closed to programs. */
type Scope = string;

/** The rule that says who may call an endpoint. Made by the functions below. */
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

/** Who gets in at all, before permissions and scopes are looked at. */
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
 * Allows every signed-in user; the handler may refuse more.
 * @param scope given, programs may call as well: an access token needs it.
 * @param of the organization the handler judges by.
 * @param people the sentence for the documents, where the handler refuses more.
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
 * @param scope given, programs may call as well: an access token needs it.
 * @param orOwn where no organization owns it, it may be the caller's own, which needs no permission. The command's query decides.
 * @param judged `with the key`: only after a kept answer was looked for. A deletion sent again by its `Idempotency-Key` must
 *   find that answer, although nothing is left that would name the organization.
 * @param people the sentence for the documents, where the handler refuses more.
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
 * Allows anyone, also without a credential: the handler looks for a link in the body.
 * @param environment `invitation`: that of the invitation in the path, whose link opens under any name of the service.
 */
export function linkHolder<Input>(
  people: string,
  rest: { scope: Scope; of: Of<Input>; environment: "request" | "invitation" },
) {
  return { kind: "linkHolder", people, ...rest } as const;
}

/** Names what the path's `:id` is, for `of`. */
export function inPath<By extends BelongsTo>(by: By): Of<{ params: { id: string } }> {
  return ({ params }) => ({ [by]: params.id });
}

/** Names what a relationship of the body leads to, for `of`. */
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

/** The scope an access token needs; undefined where none lets it in. */
export function scopeOf(allow: Allow): Scope | undefined {
  return allow.kind === "operator" ? undefined : allow.scope;
}

/** Where the environment comes from: the request, the invitation in the path, or nowhere. */
export function environmentOf(allow: Allow): "request" | "invitation" | "none" {
  return "environment" in allow ? allow.environment : "request";
}

/**
 * Who may call, in sentences for the documents.
 * @param people who the signed-in users are, where a type says whose rows it shows.
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
