import { ERRORS } from "../error-codes.ts";

/** By status, by code: what it means and what to do. */
export type DocumentedErrors = Record<number, Record<string, string>>;

const { common, elsewhere } = ERRORS;

/** The errors of each API and of `POST /mail-events`. */
export const documentedErrors = {
  management: withCommon(ERRORS.management),
  bridge: withCommon(ERRORS.bridge),
  mailEvents: {
    400: { malformed_body: common[400].malformed_body, malformed_json: "The body is not valid JSON." },
    401: { invalid_signature: elsewhere[401].invalid_signature },
    404: { not_found: "`MAIL_EVENTS_SECRET` is not set, so there is no such path." },
    413: common[413],
    415: common[415],
    422: elsewhere[422],
    429: { too_many_requests: "Too many requests had a wrong signature. Wait `Retry-After` seconds." },
    431: common[431],
    500: common[500],
    503: { unavailable: common[503].unavailable, timeout: common[503].timeout },
  },
} satisfies Record<string, DocumentedErrors>;

function withCommon(own: DocumentedErrors): DocumentedErrors {
  const shared: DocumentedErrors = common;
  const statuses = Object.keys({ ...shared, ...own }).map(Number);
  return Object.fromEntries(statuses.map((status) => [status, { ...shared[status], ...own[status] }]));
}

/** The schema of an error's code. */
export function codeSchema(errors: DocumentedErrors) {
  const codes = Object.values(errors).flatMap((ofStatus) => Object.keys(ofStatus));
  return { type: "string", enum: codes, description: "Stable, for programs." };
}
