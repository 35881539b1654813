import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table invitations (
      id                   text collate "C" primary key,
      environment_id       text collate "C" not null,
      organization_id      text collate "C" not null,
      email                text not null,
      email_canonical      text collate "C" not null,
      status               text not null default 'pending'
                           constraint invitations_status check (status in ('pending', 'accepted', 'declined', 'revoked', 'expired')),
      inviter_user_id      text collate "C",
      message              text,
      locale               text,
      metadata             jsonb not null default '{}',
      -- Part of the link's derivation: raising it kills every link mailed before.
      token_version        integer not null default 1,
      expires_at           timestamptz not null,
      accepted_at          timestamptz,
      accepted_by_user_id  text collate "C",
      declined_at          timestamptz,
      revoked_at           timestamptz,
      revoked_by_user_id   text collate "C",
      expired_at           timestamptz,
      created_at           timestamptz not null default now(),
      updated_at           timestamptz not null default now(),
      -- Exactly one terminal transition, and its time is known.
      constraint invitations_accepted_at check ((status = 'accepted') = (accepted_at is not null)),
      constraint invitations_accepted_by check ((status = 'accepted') = (accepted_by_user_id is not null)),
      constraint invitations_declined_at check ((status = 'declined') = (declined_at is not null)),
      constraint invitations_revoked_at check ((status = 'revoked') = (revoked_at is not null)),
      constraint invitations_expired_at check ((status = 'expired') = (expired_at is not null)),
      foreign key (environment_id, organization_id) references organizations (environment_id, id) on delete restrict,
      -- Who accepted or revoked is history, which outlives the user: no foreign key.
      foreign key (environment_id, inviter_user_id) references users (environment_id, id)
        on delete set null (inviter_user_id)
    );
    -- One pending invitation per organization and address; history is kept beside it.
    create unique index invitations_pending_unique on invitations (organization_id, email_canonical) where status = 'pending';
    create index invitations_expiry_index on invitations (expires_at) where status = 'pending';
    create index invitations_listing_index on invitations (environment_id, id);
    create index invitations_organization_index on invitations (organization_id, id);
    create index invitations_inviter_index on invitations (inviter_user_id) where status = 'pending';

    create table invitation_roles (
      invitation_id   text collate "C" not null references invitations on delete cascade,
      environment_id  text collate "C" not null,
      role_id         text collate "C" not null,
      primary key (invitation_id, role_id),
      constraint invitation_roles_role_in_use foreign key (environment_id, role_id)
        references roles (environment_id, id) on delete restrict
    );
    create index invitation_roles_role_index on invitation_roles (role_id);

    -- The outbox and the ledger of mails: one row is one mail to one address, with its history.
    create table mail_deliveries (
      id                  text collate "C" primary key,
      environment_id      text collate "C" not null,
      invitation_id       text collate "C" not null references invitations on delete cascade,
      kind                text not null,
      seq                 integer not null default 1,
      email               text not null,
      email_canonical     text collate "C" not null,
      -- The same in every attempt, so that copies can be recognised. Given at the first claim.
      message_id          text,
      state               text not null default 'pending'
                          constraint mail_deliveries_state check (state in ('pending', 'sending', 'sent', 'failed', 'suppressed', 'unknown')),
      attempts            integer not null default 0,
      -- Attempts after which the receiver may or may not hold a copy. Never more than two.
      ambiguous_attempts  integer not null default 0,
      -- When a worker may next take the row: the retry time while it waits, the end of the lease while a worker
      -- sends it, null once it is settled.
      due_at              timestamptz default now(),
      smtp_code           integer,
      -- What the receiver said last, or why nothing was sent.
      reply               text,
      sent_at             timestamptz,
      created_at          timestamptz not null default now(),
      updated_at          timestamptz not null default now(),
      constraint mail_deliveries_once unique (invitation_id, kind, seq)
    );
    create index mail_deliveries_due_index on mail_deliveries (due_at) where due_at is not null;

    -- For statements that have just waited for an organization's lock: volatile functions see what was committed
    -- meanwhile, where the statement itself still sees what was there when it began.
    create function permissions_now(of_user text, in_organization text) returns text[] volatile language plpgsql as $$
      begin
        return array(select permissions_in(of_user, in_organization));
      end
    $$;
    create function is_member_now(address text, of_organization text) returns boolean volatile language plpgsql as $$
      begin
        return exists (
          select from memberships m join users u on u.id = m.user_id
          where m.organization_id = of_organization and u.email_canonical = address
        );
      end
    $$;

    -- Addresses that bounced for good, complained, or asked not to be invited again.
    create table suppressions (
      environment_id   text collate "C" not null references environments on delete restrict,
      email_canonical  text collate "C" not null,
      reason           text not null constraint suppressions_reason check (reason in ('bounced', 'complained', 'opted_out')),
      created_at       timestamptz not null default now(),
      primary key (environment_id, email_canonical)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    "drop table suppressions; drop function is_member_now; drop function permissions_now; drop table mail_deliveries; drop table invitation_roles; drop table invitations;",
  );
}
