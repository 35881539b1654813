import { forbidden, notFound } from "../errors.ts";
import type { Face } from "../http/face.ts";
import { requireAcceptable, requireJsonApiBody } from "../http/negotiate.ts";

/** JSON:API, where what is foreign is absent. */
export const managementFace: Face = {
  requireAcceptable,
  requireBodyType: requireJsonApiBody,
  emptyBody: "Send a JSON:API document.",
  stranger: () => notFound("organization"),
  lacking: (permission, ownerDecides) =>
    forbidden(
      "forbidden",
      ownerDecides
        ? "Only the owner manages members here; set the organization's member_management to owner_and_admins to let admins do it."
        : `You need the permission ${permission} in this organization. Ask its owner for a role that has it.`,
    ),
};
