import { jsonSchemaOf } from "../lib/json-schema-of.ts";
import { MAIL_EVENTS_LIMIT } from "../mail-events/mail-events-router.ts";
import { mailEvents } from "../mail-events/read-mail-events.ts";
import { mailEventCounts } from "../mail-events/record-mail-events.ts";
import type { Components } from "./components.ts";
import { codeSchema, documentedErrors } from "./documented-errors.ts";
import { errorResponses } from "./error-responses.ts";
import type { Parameter, Paths } from "./openapi-types.ts";
import { exactly, text } from "./schemas.ts";

const JSON_TYPE = "application/json";

const API = {
  prefix: "MailEvents",
  codes: documentedErrors.mailEvents,
  mediaType: JSON_TYPE,
  schema: { name: "MailEventsError", build: errorSchema },
};

/** Describes the path of `mailEventsRouter`. The schemas are the ones that it uses. The texts are written by hand. */
export function mailEventsPaths(components: Components): Paths {
  const refer = (name: string, schema: typeof mailEvents | typeof mailEventCounts, io: "input" | "output") =>
    components.schemas.refer(name, () => jsonSchemaOf(schema, io));
  return {
    "/mail-events": {
      post: {
        operationId: "tellMailEvents",
        tags: ["mail-events"],
        summary: "Tell what became of mails: delivered, deferred, bounced, complained.",
        description: `Whoever knows \`MAIL_EVENTS_SECRET\`, without which there is no such path: an adapter of yours, signing as Standard Webhooks 1.0 has it. It needs no environment, for the mail's \`Message-ID\` names it. Telling something again changes nothing. The body has ${MAIL_EVENTS_LIMIT / 1024 ** 2} MiB at most.`,
        parameters: SIGNATURE_HEADERS,
        requestBody: {
          required: true,
          content: { [JSON_TYPE]: { schema: refer("MailEvents", mailEvents, "input"), example: EXAMPLE } },
        },
        responses: {
          "202": {
            description: "What could be read was written down; `results` says what became of each event.",
            content: {
              [JSON_TYPE]: {
                schema: refer("MailEventCounts", mailEventCounts, "output"),
                example: {
                  recorded: 1,
                  repeated: 0,
                  unknown: 0,
                  refused: 0,
                  results: [{ index: 0, status: "recorded", detail: "It was recorded." }],
                },
              },
            },
          },
          ...errorResponses(Object.keys(documentedErrors.mailEvents).map(Number), API, components),
        },
        security: [{ webhookSignature: [] }],
      },
    },
  };
}

const SIGNATURE_HEADERS: Parameter[] = [
  header("webhook-id", "The message's id: anything without a dot or a space, of 256 characters at most."),
  header("webhook-timestamp", "When it was signed, in seconds since 1970: at most five minutes off."),
  header(
    "webhook-signature",
    "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; of several, with spaces between, one must be right.",
  ),
];

function header(name: string, description: string): Parameter {
  return { name, in: "header", required: true, description, schema: { type: "string" } };
}

const EXAMPLE = {
  events: [
    {
      type: "bounced",
      message_id: "<dlv_01kagx5c8wmw5drxrge3rmw4nf@example.com>",
      email: "mary@acme.example",
      permanent: true,
      detail: "550 5.1.1 no such user",
      occurred_at: "2026-11-20T09:31:12Z",
    },
  ],
};

function errorSchema() {
  return exactly({
    error: text("What is wrong, for people."),
    code: codeSchema(documentedErrors.mailEvents),
    request_id: text("What support asks for: `X-Request-Id` of the answer."),
  });
}
