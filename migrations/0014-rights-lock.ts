import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Names the lock on who may do what in an environment. Taking a right away holds it alone; judging by a right
    -- shares it, so whatever was judged has committed before the right goes, and is seen by whoever takes it.
    create function rights_lock(of_environment text) returns bigint immutable language sql as $$
      select hashtextextended('rights:' || of_environment, 0)
    $$;

    -- As before, and holds what it found until the transaction ends. Each statement of a volatile function has a
    -- snapshot of its own, so the second sees what was committed while the first waited.
    create or replace function permissions_now(of_user text, in_organization text) returns text[] volatile language plpgsql as $$
      begin
        perform pg_advisory_xact_lock_shared(rights_lock(environment_id)) from users where id = of_user;
        return array(select name from permissions_in(of_user, in_organization) as name);
      end
    $$;

    -- Whether an invitation is still one its inviter could send. Programs invite for the team, so theirs stand.
    -- In plpgsql because its statements are planned once per connection.
    create function inviter_may_send(inviter text, to_organization text, of_invitation text) returns boolean stable language plpgsql as $$
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

    -- Whether a user may do something another may not: in the environment, and, asked for everywhere, in some
    -- organization of theirs. What is the owner's alone no permission gives, so an owner is above everybody else.
    create function is_above(target text, actor text, everywhere boolean) returns boolean stable language plpgsql as $$
      begin
        return exists (
          select from permissions_in(target, null) as name
          where not exists (select from permissions_in(actor, null) as own where own = name)
        ) or everywhere and (
          exists (select from organizations where owner_user_id = target)
          or exists (
            select from memberships m cross join permissions_in(target, m.organization_id) as name
            where m.user_id = target
              and not exists (select from permissions_in(actor, m.organization_id) as own where own = name)
          )
        );
      end
    $$;

    -- The user who started a session for another. No foreign key: once they are gone, they may act as nobody.
    alter table sessions add column started_by_user_id text collate "C";

    -- Whether a user may act as another by a session they started.
    create function may_act_as(target text, actor text) returns boolean stable language plpgsql as $$
      begin
        return exists (select from permissions_in(actor, null) as own where own = 'sessions:manage')
          and not is_above(target, actor, true);
      end
    $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function may_act_as; drop function is_above; drop function inviter_may_send;
    alter table sessions drop column started_by_user_id;
    create or replace function permissions_now(of_user text, in_organization text) returns text[] volatile language plpgsql as $$
      begin
        return array(select permissions_in(of_user, in_organization));
      end
    $$;
    drop function rights_lock;
  `);
}
