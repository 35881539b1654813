import { readEndpoints } from "./reading/read-endpoints.ts";
import { receivedInvitationType } from "./types/received-invitation-type.ts";

/** My invitations: read here, answered at `/api/invitations/:id/accept` and `/decline` by the same id. */
export const receivedInvitationEndpoints = readEndpoints(receivedInvitationType, "user");
