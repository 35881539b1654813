import { MAIL_EVENTS_LIMIT } from "../mail-events/mail-events-router.ts";

import { asEverywhere, type ErrorCodes } from "./error-codes.ts";

/** Every code an error of `POST /mail-events` may have. A test holds the list against the code. */
export const MAIL_EVENTS_ERROR_CODES: ErrorCodes = {
  400: { ...asEverywhere(400, "malformed_body"), malformed_json: "The body is no JSON." },
  401: asEverywhere(401, "invalid_signature"),
  404: { not_found: "`MAIL_EVENTS_SECRET` is not set: there is no such path." },
  413: { body_too_large: `A body has ${MAIL_EVENTS_LIMIT / 1024 ** 2} MiB at most.` },
  415: asEverywhere(415, "unsupported_encoding"),
  422: {
    invalid_mail_events: "The body is no list of events, or not one of them can be read; `error` says why.",
  },
  429: { too_many_requests: "Too many wrong signatures: wait as many seconds as `Retry-After` says." },
  431: { header_too_long: "A header is longer than 1,000 characters; `error` names it." },
  500: asEverywhere(500, "internal_error"),
  503: asEverywhere(503, "unavailable", "timeout"),
};
