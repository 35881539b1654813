import { createHmac, randomUUID } from "node:crypto";

export const MAIL_EVENTS_SECRET = `whsec_${Buffer.from("the mail provider knows this, too").toString("base64")}`;

export interface Told {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape, and a wrong path fails the test.
  body: any;
}

export interface Message {
  id?: string;
  /** The timestamp in seconds. */
  timestamp?: number;
  secret?: string;
  /** A signature to send instead of the right one. */
  signature?: string;
  headers?: Record<string, string>;
}

/** Signs by Standard Webhooks 1.0, following its text and not our code. */
export function signature(secret: string, id: string, timestamp: number, body: string): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/** Sends signed events as an adapter of a mail provider does. @param document the body, or its text. */
export async function tell(origin: string, document: unknown, message: Message = {}): Promise<Told> {
  const { id = `msg_${randomUUID()}`, timestamp = Math.floor(Date.now() / 1_000) } = message;
  const body = typeof document === "string" ? document : JSON.stringify(document);
  const answer = await fetch(`${origin}/mail-events`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature":
        message.signature ?? signature(message.secret ?? MAIL_EVENTS_SECRET, id, timestamp, body),
      ...message.headers,
    },
    body,
  });
  return { status: answer.status, body: await answer.json() };
}
