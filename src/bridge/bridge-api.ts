import { forbidden, notFound, Refusal } from "../errors.ts";
import type { Api } from "../http/endpoint.ts";
import { parseMediaType } from "../http/negotiate.ts";

/** Plain JSON. An organization the caller doesn't belong to and one that doesn't exist get the same 403. */
export const bridgeApi: Api = {
  requireAcceptable() {},
  requireBodyType(headers) {
    if (parseMediaType(headers["content-type"] ?? "").type === "application/json") return;
    const detail = "Send the body as application/json.";
    throw new Refusal(415, [{ code: "unsupported_media_type", detail, source: { header: "Content-Type" } }]);
  },
  emptyBody: null,
  send(ctx, document) {
    ctx.set("Cache-Control", "no-store");
    ctx.body = document;
  },
  outsider: (named) =>
    named?.resource === undefined
      ? forbidden("forbidden", "No organization of yours.")
      : notFound("resource"),
  leftToOwner: (detail) => forbidden("members_left_to_owner", detail),
};
