import { z } from "zod";
import { described } from "../http/attributes.ts";

/** The `meta` of an answer to a change after which members may no longer be able to send their invitations. */
export const RevokedInvitations = z.object({
  revoked_invitations: described(
    z.int(),
    "How many pending invitations were revoked, because they would now grant more than their inviter has.",
    0,
  ),
});
