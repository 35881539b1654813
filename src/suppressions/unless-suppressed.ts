/**
 * SQL that ends an insert into `suppressions`, for whatever is told of an address: the first reason stays, except that
 * what a person wants takes the place of a bounce. Otherwise lifting the bounce would let mail through to somebody who
 * asked for none. Returns a row only for what is new.
 */
export const UNLESS_SUPPRESSED = `
  on conflict (environment_id, email_canonical) do update
    set reason = excluded.reason, detail = excluded.detail
    where suppressions.reason = 'bounced' and excluded.reason <> 'bounced'
  returning *`;
