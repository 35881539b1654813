/** The most entries per email, far more than its attempts and reports. Beyond that, the oldest are dropped. */
const LONGEST = 50;

/** Returns SQL for a delivery's timeline with entries added. @param entries SQL of a jsonb array. */
export function timelineWith(entries: string): string {
  return `jsonb_path_query_array(timeline || ${entries}, '$[last - ${LONGEST - 1} to last]')`;
}

/** Returns SQL for a jsonb array of one entry. Each part is SQL, too. Nulls are left out. */
export function timelineEntry({ what, code = "null", reply = "null" }: EntrySql): string {
  const entry = `jsonb_build_object('at', now(), 'what', ${what}, 'smtp_code', ${code}, 'reply', ${reply})`;
  return `jsonb_build_array(jsonb_strip_nulls(${entry}))`;
}

interface EntrySql {
  what: string;
  code?: string;
  reply?: string;
}
