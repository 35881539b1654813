import { z } from "zod";
import { emailAddress, expiry, externalId, metadata, text, webAddress } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { createUser } from "../users/create-user.ts";
import { deleteUser } from "../users/delete-user.ts";
import { updateUser } from "../users/update-user.ts";
import { creates, NOTHING, shows } from "./answers.ts";
import { changedResource, newResource } from "./bodies.ts";
import { keyOf } from "./key-of.ts";
import { changed, created } from "./reading/read-back.ts";
import { readEndpoints } from "./reading/read-endpoints.ts";
import { userType } from "./types/user-type.ts";

const attributes = z.strictObject({
  email: emailAddress,
  email_verified: z.boolean().optional(),
  first_name: text(100).nullish(),
  last_name: text(100).nullish(),
  picture: webAddress.nullish(),
  metadata: metadata.optional(),
  external_id: externalId.nullish(),
});
const newUser = { type: "user", attributes, relationships: {} } as const;
const changedUser = {
  type: "user",
  attributes: attributes.partial().extend({ inviting_paused_until: expiry.nullish() }),
  relationships: {},
} as const;

const NOT_ABOVE =
  "A user with `users:manage` in the environment, for users who may do nothing there that they may not.";

export const userEndpoints = [
  ...readEndpoints(userType),
  endpoint({
    method: "POST",
    path: "/api/users",
    summary: "Create a user. Programs vouch for the address with `email_verified`.",
    who: "caller",
    scope: "users:write",
    environmentPermission: "users:manage",
    limit: "write",
    body: newResource(newUser),
    answers: creates(userType),
    async handle(request) {
      const { email: address, email_verified = false, ...details } = request.body.attributes;
      const { environment_id } = request.environment;
      const { id } = await createUser(
        request.context,
        { ...details, address, email_verified, environment_id },
        request.actor,
      );
      return created(request, userType, id);
    },
  }),
  endpoint({
    method: "PATCH",
    path: "/api/users/:id",
    summary: "Change a user. A new address is unverified unless a program vouches for it.",
    who: "caller",
    scope: "users:write",
    environmentPermission: "users:manage",
    limit: "write",
    allowed: `${NOT_ABOVE} The address changes only for users who own no organization and may do nothing more in any.`,
    body: changedResource(changedUser),
    answers: shows(userType),
    async handle(request) {
      const { email: address, ...change } = request.body.attributes;
      const key = keyOf(request);
      await updateUser(request.context, key, { ...change, address }, request.actor);
      return changed(request, userType, key.id);
    },
  }),
  endpoint({
    method: "DELETE",
    path: "/api/users/:id",
    summary: "Delete a user with their sessions and memberships; refused while they own an organization.",
    who: "caller",
    scope: "users:delete",
    environmentPermission: "users:manage",
    limit: "write",
    allowed: NOT_ABOVE,
    answers: NOTHING,
    async handle(request) {
      await deleteUser(request.context, keyOf(request), request.actor);
      return { status: 204 };
    },
  }),
];
