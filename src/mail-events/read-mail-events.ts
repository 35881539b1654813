import { z } from "zod";
import { badRequest, Refusal } from "../errors.ts";

/** Events in one request at most. */
const MOST = 1_000;

const mailEvent = z.strictObject({
  type: z.enum(["delivered", "deferred", "bounced", "complained"]),
  message_id: z.string().nullish().describe("The mail's `Message-ID`, with or without its brackets."),
  email: z.string().describe("The address the mail was to."),
  permanent: z.boolean().nullish().describe("Of a bounce: whether the address will never be reached."),
  detail: z.string().nullish().describe("What the receiver said."),
  occurred_at: z.iso.datetime({ offset: true }).nullish().describe("By default now."),
});

export type MailEvent = z.infer<typeof mailEvent>;

/** The body of `POST /mail-events`. */
export const mailEvents = z.strictObject({
  events: z.array(mailEvent).max(MOST, { error: `at most ${MOST} at once` }),
});

/**
 * Reads what a provider's adapter sends. Only its form is judged: values come from mail servers anywhere, and one that
 * makes no sense must not keep the others from being told.
 * @throws 400 when it is no JSON, 422 naming everything that is wrong.
 */
export function readMailEvents(text: string): MailEvent[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw badRequest("malformed_json", "The body is no valid JSON.");
  }
  const parsed = mailEvents.safeParse(document);
  if (parsed.success) return parsed.data.events;
  const problems = parsed.error.issues
    .slice(0, 10)
    .map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Refusal(422, [{ code: "invalid_mail_events", detail: problems.join("; ") }]);
}
