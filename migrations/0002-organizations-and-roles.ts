import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table organizations (
      id                 text collate "C" primary key,
      environment_id     text collate "C" not null references environments on delete restrict,
      name               text not null,
      slug               text collate "C",
      owner_user_id      text collate "C",
      business_email     text,
      business_phone     text,
      tax_id             text,
      address            text,
      country            text,
      picture            text,
      metadata           jsonb not null default '{}',
      external_id        text collate "C",
      member_management  text not null default 'owner'
                         constraint organizations_member_management check (member_management in ('owner', 'owner_and_admins')),
      -- Set in the transaction that deletes: from then on the organization is absent to everybody but the saga.
      deleting_at        timestamptz,
      created_at         timestamptz not null default now(),
      updated_at         timestamptz not null default now(),
      constraint organizations_environment_unique unique (environment_id, id),
      constraint organizations_slug_unique unique (environment_id, slug),
      constraint organizations_external_id_unique unique (environment_id, external_id),
      -- A user who owns an organization can't be deleted.
      constraint organizations_owner_is_user foreign key (environment_id, owner_user_id)
        references users (environment_id, id) on delete restrict
    );
    create index organizations_owner_index on organizations (owner_user_id) where owner_user_id is not null;

    create table permissions (
      id              text collate "C" primary key,
      environment_id  text collate "C" not null references environments on delete restrict,
      name            text collate "C" not null
                      constraint permissions_name_format check (name ~ '^[a-z][a-z_]*:[a-z][a-z_]*$'),
      description     text,
      created_at      timestamptz not null default now(),
      updated_at      timestamptz not null default now(),
      constraint permissions_environment_unique unique (environment_id, id),
      constraint permissions_name_unique unique (environment_id, name)
    );

    create table roles (
      id               text collate "C" primary key,
      environment_id   text collate "C" not null references environments on delete restrict,
      -- Null: usable in every organization of the environment.
      organization_id  text collate "C",
      name             text collate "C" not null,
      description      text,
      -- owner, admin, billing and member: born with the environment, never changed.
      is_system        boolean not null default false,
      created_at       timestamptz not null default now(),
      updated_at       timestamptz not null default now(),
      constraint roles_environment_unique unique (environment_id, id),
      constraint roles_name_unique unique nulls not distinct (environment_id, organization_id, name),
      foreign key (environment_id, organization_id) references organizations (environment_id, id) on delete restrict
    );
    create index roles_organization_index on roles (organization_id) where organization_id is not null;

    create table role_permissions (
      id              text collate "C" primary key,
      environment_id  text collate "C" not null,
      role_id         text collate "C" not null,
      permission_id   text collate "C" not null,
      created_at      timestamptz not null default now(),
      constraint role_permissions_once unique (role_id, permission_id),
      foreign key (environment_id, role_id) references roles (environment_id, id) on delete cascade,
      foreign key (environment_id, permission_id) references permissions (environment_id, id) on delete restrict
    );
    create index role_permissions_permission_index on role_permissions (permission_id);

    create table user_roles (
      id              text collate "C" primary key,
      environment_id  text collate "C" not null,
      user_id         text collate "C" not null,
      role_id         text collate "C" not null,
      created_at      timestamptz not null default now(),
      constraint user_roles_once unique (user_id, role_id),
      foreign key (environment_id, user_id) references users (environment_id, id) on delete cascade,
      -- A role in use can't be deleted.
      constraint user_roles_role_in_use foreign key (environment_id, role_id)
        references roles (environment_id, id) on delete restrict
    );
    create index user_roles_role_index on user_roles (role_id);

    create table memberships (
      id               text collate "C" primary key,
      environment_id   text collate "C" not null,
      organization_id  text collate "C" not null,
      user_id          text collate "C" not null,
      metadata         jsonb not null default '{}',
      created_at       timestamptz not null default now(),
      updated_at       timestamptz not null default now(),
      constraint memberships_environment_unique unique (environment_id, id),
      -- One membership per organization and user.
      constraint memberships_user_unique unique (organization_id, user_id),
      foreign key (environment_id, organization_id) references organizations (environment_id, id) on delete restrict,
      foreign key (environment_id, user_id) references users (environment_id, id) on delete restrict
    );
    create index memberships_user_index on memberships (user_id);
    create index memberships_listing_index on memberships (environment_id, id);
    create index memberships_organization_index on memberships (organization_id, id);

    -- The owner is always a member. Deferred, since organization and membership are born in one transaction.
    alter table organizations add constraint organizations_owner_is_member
      foreign key (id, owner_user_id) references memberships (organization_id, user_id)
      on delete no action deferrable initially deferred;

    create table membership_roles (
      id              text collate "C" primary key,
      environment_id  text collate "C" not null,
      membership_id   text collate "C" not null,
      role_id         text collate "C" not null,
      created_at      timestamptz not null default now(),
      constraint membership_roles_once unique (membership_id, role_id),
      foreign key (environment_id, membership_id) references memberships (environment_id, id) on delete cascade,
      -- A role in use can't be deleted.
      constraint membership_roles_role_in_use foreign key (environment_id, role_id)
        references roles (environment_id, id) on delete restrict
    );
    create index membership_roles_role_index on membership_roles (role_id);

    -- What a user may do in an organization: by roles of the environment, which count everywhere, and by roles there.
    -- The one place of the rule that \`members:manage\` by a role there counts for the owner alone, unless the
    -- organization lets its admins manage members.
    create function permissions_in(of_user text, in_organization text) returns setof text stable language sql as $$
      select p.name
      from user_roles ur
      join role_permissions rp on rp.role_id = ur.role_id
      join permissions p on p.id = rp.permission_id
      where ur.user_id = of_user
      union
      select p.name
      from organizations o
      join memberships m on m.organization_id = o.id and m.user_id = of_user
      join membership_roles mr on mr.membership_id = m.id
      join role_permissions rp on rp.role_id = mr.role_id
      join permissions p on p.id = rp.permission_id
      where o.id = in_organization
        and (p.name <> 'members:manage' or o.owner_user_id = of_user or o.member_management = 'owner_and_admins')
    $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function permissions_in;
    drop table membership_roles;
    alter table organizations drop constraint organizations_owner_is_member;
    drop table memberships; drop table user_roles; drop table role_permissions;
    drop table roles; drop table permissions; drop table organizations;
  `);
}
