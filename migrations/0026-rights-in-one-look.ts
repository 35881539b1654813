import type { Knex } from "knex";

/** Functions of processes that run the version before keep their names, parameters and meaning. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The permissions that count in an organization, of those a member has by their roles there. The one place of the
    -- rule that \`members:manage\` counts for the owner alone, unless the organization lets its admins manage members.
    create function counting_there(by_roles text[], of_user text, owner text, member_management text) returns text[] immutable language sql as $$
      select case when owner = of_user or member_management = 'owner_and_admins' then by_roles
        else array_remove(by_roles, 'members:manage') end
    $$;

    -- What a user may do in an organization: by roles of the environment, which count everywhere, and by roles there.
    -- Call it in FROM, where Postgres inlines it. In a SELECT list it is planned on every call.
    create or replace function permissions_in(of_user text, in_organization text) returns setof text stable language sql as $$
      select p.name
      from user_roles ur
      join role_permissions rp on rp.role_id = ur.role_id
      join permissions p on p.id = rp.permission_id
      where ur.user_id = of_user
      union
      select unnest(counting_there(there.by_roles, of_user, o.owner_user_id, o.member_management))
      from organizations o
      join memberships m on m.organization_id = o.id and m.user_id = of_user
      cross join lateral (
        select array(
          select p.name
          from membership_roles mr
          join role_permissions rp on rp.role_id = mr.role_id
          join permissions p on p.id = rp.permission_id
          where mr.membership_id = m.id
        ) as by_roles
        -- Without this Postgres would write the array out wherever it is named, and couldn't inline the function.
        offset 0
      ) there
      where o.id = in_organization
    $$;

    -- The roles an invitation gives, or null if its inviter could no longer send it. For a statement that has just
    -- waited for the organization's lock: a volatile function sees what was committed while it waited.
    create function roles_given_now(of_invitation text, to_organization text, inviter text) returns text[] volatile language plpgsql as $$
      begin
        return case when inviter_may_send(inviter, to_organization, of_invitation) then
          array(select role_id from invitation_roles where invitation_id = of_invitation order by role_id)
        end;
      end
    $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function roles_given_now;
    create or replace function permissions_in(of_user text, in_organization text) returns setof text stable language sql as $$
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
    drop function counting_there;
  `);
}
