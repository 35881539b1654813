/** Of each resource type: what it is, and who sees which of it. The operator and access tokens see all of an environment. */
export const RESOURCE_TEXTS: Record<string, { what: string; seen: string }> = {
  environment: {
    what: "A world of its own, with its own users, organizations, roles and permissions. Nothing crosses from one to another.",
    seen: "The operator alone.",
  },
  user: {
    what: "A person, known by an e-mail address that is theirs alone in the environment.",
    seen: "A signed-in user sees themselves and whoever shares an organization in which they have `members:read`; with `users:read` in the environment, everybody.",
  },
  session: {
    what: "A user's being signed in. Its token is the user's credential for 30 days, or until the session is revoked.",
    seen: "A signed-in user sees their own; with `sessions:read` in the environment, everybody's.",
  },
  api_client: {
    what: "A program of your own. It trades its id and secret for access tokens at `POST /oauth/token`.",
    seen: "The operator alone.",
  },
  organization: {
    what: "A company or team whose members share what belongs to it. It has one owner, who is always a member.",
    seen: "A signed-in user sees those in which they have `organization:read`.",
  },
  membership: {
    what: "A user's belonging to an organization, with one or more roles there.",
    seen: "A signed-in user sees their own, and those of organizations in which they have `members:read`.",
  },
  membership_role: {
    what: "One role of one membership. Creating it gives the member the role; deleting it takes the role away.",
    seen: "Whoever sees the membership.",
  },
  invitation: {
    what: "An offer of membership, sent to an e-mail address as a link. Accepting it makes the person a member with the roles it names.",
    seen: "A signed-in user sees those of organizations in which they have `members:read`.",
  },
  received_invitation: {
    what: "An invitation as its recipient sees it: what the mail says. It is answered at `/api/invitations/:id/accept` and `/decline`, by the same id.",
    seen: "A signed-in user sees those to their own address, once it is verified.",
  },
  invitation_batch: {
    what: "Many invitations asked for at once, as a document or as a CSV file, and made in the background, or resent by `POST /api/invitations/resend`, by the rights their creator has then. Read it to see how far it is, and its rows to see what became of each. It is removed, with its rows, 90 days after it was completed or canceled.",
    seen: "A signed-in user sees those of organizations in which they have `members:read`.",
  },
  invitation_batch_row: {
    what: "One row of a batch, and what became of it.",
    seen: "Whoever sees the batch.",
  },
  delivery: {
    what: "One mail of an invitation, and what became of it.",
    seen: "Whoever sees the invitation.",
  },
  suppression: {
    what: "An address no mail goes to in the environment. Invitations to it can be made, and are answered by their link; their mails are not sent. Deleting it lets mail through again, and `POST /api/suppressions/lift` deletes many.",
    seen: "The operator and access tokens alone.",
  },
  role: {
    what: "A named set of permissions. One of the environment can be given in every organization; one of an organization only there. The system roles `owner`, `admin`, `billing` and `member` are there from the start. `owner` has every permission that isn't `environment_only`; programs may give the others more, and each has what those below it have.",
    seen: "A signed-in user sees those of the environment, and those of organizations in which they have `organization:read`.",
  },
  role_permission: {
    what: "One permission of one role. Creating it gives everybody who has the role the permission; deleting it takes it away.",
    seen: "Whoever sees the role.",
  },
  permission: {
    what: "Something that may be done, named `resource:action`. The catalogue Guildhall knows is there from the start; add names of your own for your product to ask for. Every owner of an organization has them.",
    seen: "Everybody who is signed in.",
  },
  user_role: {
    what: "One role a user has in the whole environment. Its permissions count in every organization.",
    seen: "A signed-in user sees their own; with `users:read` in the environment, everybody's.",
  },
  event: {
    what: "Something that happened: what, to what, by whom, in which request. Written once, never changed.",
    seen: "A signed-in user sees those of organizations in which they have `events:read`; with it in the environment, all.",
  },
  organization_deletion: {
    what: "The deletion of an organization. Access ends at once; what belonged to it is detached in the background, and counted here.",
    seen: "A signed-in user sees those they asked for.",
  },
};
