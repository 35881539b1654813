import { forbidden, notFound, Refusal } from "../errors.ts";
import type { Face } from "../http/face.ts";
import { parseMediaType } from "../http/negotiate.ts";

/** Plain JSON, where an organization one has nothing to do with and one that isn't there look the same: 403. */
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
      ? forbidden("forbidden", "No organization of yours.")
      : notFound("resource"),
  lacking: (permission, ownerDecides) =>
    forbidden(
      ownerDecides ? "members_left_to_owner" : "forbidden",
      `The permission ${permission} is missing.`,
    ),
};
