import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- True: it means something in the environment only, so the role owner doesn't have it.
    alter table permissions add column environment_only boolean not null default false;
    update permissions p set environment_only = true
    where name in ('users:read', 'users:manage', 'sessions:read', 'sessions:manage')
      -- A permission that so far only staff have stays theirs: it is in a role that users have in the environment, and
      -- in none that anybody has, or is invited to have, in an organization.
      or exists (
        select from role_permissions rp join user_roles ur on ur.role_id = rp.role_id where rp.permission_id = p.id
      ) and not exists (
        select from role_permissions rp join roles r on r.id = rp.role_id
        where rp.permission_id = p.id and (
          r.is_system or r.organization_id is not null
          or exists (select from membership_roles mr where mr.role_id = r.id)
          or exists (select from invitation_roles ir where ir.role_id = r.id)
        )
      );

    -- The one place of the rule that an owner has every permission of the environment that counts in organizations.
    -- As rows, so that reading rights costs what it did; by a trigger, so that nothing can add a permission without it.
    create function give_owner_permission() returns trigger language plpgsql as $$
      begin
        if new.environment_only then
          delete from role_permissions rp using roles r
          where rp.permission_id = new.id and r.id = rp.role_id and r.is_system and r.name = 'owner';
        else
          insert into role_permissions (id, environment_id, role_id, permission_id)
          select 'roleperm_00' || substr(md5(r.id || new.id), 1, 24), new.environment_id, r.id, new.id
          from roles r
          where r.environment_id = new.environment_id and r.is_system and r.name = 'owner'
          on conflict (role_id, permission_id) do nothing;
        end if;
        return null;
      end
    $$;
    create trigger give_owner_permission after insert or update of environment_only on permissions
      for each row execute function give_owner_permission();

    insert into role_permissions (id, environment_id, role_id, permission_id)
    select 'roleperm_00' || substr(md5(r.id || p.id), 1, 24), p.environment_id, r.id, p.id
    from permissions p join roles r on r.environment_id = p.environment_id and r.is_system and r.name = 'owner'
    where not p.environment_only
    on conflict (role_id, permission_id) do nothing;

    -- As before; and what makes its invitee the owner can be sent only while the organization has none.
    create or replace function inviter_may_send(inviter text, to_organization text, of_invitation text) returns boolean stable language plpgsql as $$
      declare
        held text[];
      begin
        if exists (
          select from organizations o
          join invitation_roles ir on ir.invitation_id = of_invitation
          join roles r on r.id = ir.role_id and r.is_system and r.name = 'owner'
          where o.id = to_organization and o.owner_user_id is not null
        ) then
          return false;
        end if;
        if inviter is null then
          return true;
        end if;
        held := array(select name from permissions_in(inviter, to_organization) as name);
        return 'members:manage' = any (held) and not exists (
          select from invitation_roles ir
          join role_permissions rp on rp.role_id = ir.role_id
          join permissions p on p.id = rp.permission_id
          where ir.invitation_id = of_invitation and p.name <> all (held)
        );
      end
    $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function inviter_may_send(inviter text, to_organization text, of_invitation text) returns boolean stable language plpgsql as $$
      declare
        held text[];
      begin
        if inviter is null then
          return true;
        end if;
        held := array(select name from permissions_in(inviter, to_organization) as name);
        return 'members:manage' = any (held) and not exists (
          select from invitation_roles ir
          join role_permissions rp on rp.role_id = ir.role_id
          join permissions p on p.id = rp.permission_id
          where ir.invitation_id = of_invitation and p.name <> all (held)
        );
      end
    $$;
    drop trigger give_owner_permission on permissions;
    drop function give_owner_permission;
    delete from role_permissions rp using roles r, permissions p
    where r.id = rp.role_id and p.id = rp.permission_id and r.is_system and r.name = 'owner'
      and rp.id = 'roleperm_00' || substr(md5(r.id || p.id), 1, 24);
    alter table permissions drop column environment_only;
  `);
}
