import { newId } from "../src/lib/id.ts";

/** The operator's invitation of an address, as the statement that inserts it takes it. */
export function bareInvitation(environment_id: string, organization_id: string, email: string) {
  return {
    environment_id,
    organization_id,
    email,
    email_canonical: email.toLowerCase(),
    first_name: null,
    last_name: null,
    role_ids: [],
    message: null,
    locale: null,
    metadata: "{}",
    expires_at: null,
    lifetime_days: 7,
    send_mail: true,
    inviter_user_id: null,
    actor_kind: "operator" as const,
    request_id: null,
    invitation_id: newId("inv"),
    delivery_id: newId("dlv"),
    created_event_id: newId("evt"),
    expired_event_id: newId("evt"),
  };
}
