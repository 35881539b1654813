import { forbidden, notFound, Refusal } from "../errors.ts";
import type { Face } from "../http/face.ts";
import { parseMediaType } from "../http/negotiate.ts";

/** Plain JSON. An organization the caller doesn't belong to and one that doesn't exist get the same 403. */
export const bridgeFace: Face = {
  requireAcceptable() {},
  requireBodyType(headers) {
    if (parseMediaType(headers["content-type"] ?? "").type === "application/json") return;
    const detail = "Send the body as application/json.";
    throw new Refusal(415, [{ code: "unsupported_media_type", detail, source: { header: "Content-Type" } }]);
  },
  emptyBody: null,
  stranger: (asked) =>
    asked?.resource === undefined
      ? forbidden("forbidden", "You are not a member of this organization.")
      : notFound("resource"),
  lacking: (permission, ownerDecides) =>
    forbidden(
      ownerDecides ? "members_left_to_owner" : "forbidden",
      `You need the permission ${permission} in this organization.`,
    ),
};
