/** Entries a mail keeps: far more than its attempts and what a provider tells of it; beyond, the oldest go. */
const LONGEST = 50;

/** SQL: a delivery's timeline with more at its end. @param entries SQL of a jsonb array. */
export function timelineWith(entries: string): string {
  return `jsonb_path_query_array(timeline || ${entries}, '$[last - ${LONGEST - 1} to last]')`;
}

/** SQL: one entry, in a jsonb array of its own. Every part is SQL, too; what is null is left out. */
export function timelineEntry({ what, code = "null", reply = "null" }: EntrySql): string {
  const entry = `jsonb_build_object('at', now(), 'what', ${what}, 'smtp_code', ${code}, 'reply', ${reply})`;
  return `jsonb_build_array(jsonb_strip_nulls(${entry}))`;
}

interface EntrySql {
  what: string;
  code?: string;
  reply?: string;
}
