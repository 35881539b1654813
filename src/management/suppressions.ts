import { z } from "zod";
import { emailAddress, text } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { SUPPRESSION_REASONS } from "../models/suppression.ts";
import { createSuppression } from "../suppressions/create-suppression.ts";
import { deleteSuppression } from "../suppressions/delete-suppression.ts";
import { creates, NOTHING } from "./answers.ts";
import { newResource } from "./bodies.ts";
import { keyOf } from "./key-of.ts";
import { created } from "./reading/read-back.ts";
import { readEndpoints } from "./reading/read-endpoints.ts";
import { suppressionType } from "./types/suppression-type.ts";

const newSuppression = {
  type: "suppression",
  attributes: z.strictObject({
    email: emailAddress,
    reason: z.enum(SUPPRESSION_REASONS),
    detail: text(500).nullish(),
  }),
  relationships: {},
} as const;

const write = { who: "program", limit: "write" } as const;

export const suppressionEndpoints = [
  ...readEndpoints(suppressionType, "program"),
  endpoint({
    ...write,
    method: "POST",
    path: "/api/suppressions",
    summary: "Suppress an address: no mail goes to it any more.",
    scope: "suppressions:write",
    body: newResource(newSuppression),
    answers: creates(suppressionType),
    async handle(request) {
      const { email: address, reason, detail = null } = request.body.attributes;
      const { environment_id } = request.environment;
      const { id } = await createSuppression(
        request.context,
        { environment_id, address, reason, detail },
        request.actor,
      );
      return created(request, suppressionType, id);
    },
  }),
  endpoint({
    ...write,
    method: "DELETE",
    path: "/api/suppressions/:id",
    summary: "Lift a suppression: mail goes to the address again.",
    scope: "suppressions:delete",
    answers: NOTHING,
    async handle(request) {
      await deleteSuppression(request.context, keyOf(request), request.actor);
      return { status: 204 };
    },
  }),
];
