import { z } from "zod";
import { badRequest, Refusal } from "../errors.ts";

/** The most events in one request. */
const MOST = 1_000;

const words = (longest: string) => z.string({ error: `must be ${longest}, in quotes` }).nullish();

const mailEvent = z.strictObject(
  {
    type: z.enum(["delivered", "deferred", "bounced", "complained"], {
      error: "must be delivered, deferred, bounced or complained",
    }),
    message_id: words("the email's Message-ID").describe(
      "The email's `Message-ID`, with or without its brackets.",
    ),
    email: z
      .string({ error: "must be the address the email was sent to" })
      .describe("The address the email was sent to: `mary@acme.example` or `Mary <mary@acme.example>`."),
    permanent: z
      .boolean({ error: "must be true or false, without quotes" })
      .nullish()
      .describe("For a bounce: whether the address can never be reached."),
    detail: words("a text").describe("The receiver's reply."),
    occurred_at: z.iso
      .datetime({ offset: true, error: "must be a time such as 2026-11-20T09:31:12Z" })
      .nullish()
      .describe("Defaults to now."),
  },
  {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `has no member called ${issue.keys.slice(0, 10).join(", ")}; check the spelling or leave it out`
        : "must be an object with type, message_id and email",
  },
);

export type MailEvent = z.infer<typeof mailEvent>;

const many = { error: `may have at most ${MOST} events: send the others in another request` };

/** The body of `POST /mail-events`. */
export const mailEvents = z.strictObject({ events: z.array(mailEvent).max(MOST, many) });

/** The same body before its events are checked, because each is checked separately. */
const envelope = z.strictObject(
  { events: z.array(z.unknown(), { error: "must be a list of events" }).max(MOST, many) },
  { error: 'must be an object like {"events": […]} and nothing else' },
);

/**
 * Reads the report of a provider's adapter. Checks only its form, because the values come from mail servers anywhere.
 * An event that can't be read doesn't stop the others.
 * @returns each event, or a sentence that says what is wrong with it.
 * @throws 400 if it isn't JSON; 422 if it isn't a list of events, or none of them can be read.
 */
export function readMailEvents(text: string): Array<MailEvent | string> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw badRequest("malformed_json", "The body is not valid JSON.");
  }
  const parsed = envelope.safeParse(document);
  if (!parsed.success) throw refused(problemsOf(parsed.error, "The body"));
  const events = parsed.data.events.map((event) => {
    const read = mailEvent.safeParse(event);
    return read.success ? read.data : problemsOf(read.error, "The event");
  });
  const problems = events.filter((event) => typeof event === "string");
  if (problems.length > 0 && problems.length === events.length)
    throw refused(
      problems
        .slice(0, 10)
        .map((problem, index) => `events.${index}: ${problem}`)
        .join(" "),
    );
  return events;
}

function refused(detail: string): Refusal {
  return new Refusal(422, [{ code: "invalid_mail_events", detail }]);
}

function problemsOf({ issues }: z.ZodError, whole: string): string {
  return issues
    .slice(0, 10)
    .map(({ path, message }) => `${path.length === 0 ? whole : `\`${path.join(".")}\``} ${message}.`)
    .join(" ");
}
