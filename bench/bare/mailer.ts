import nodemailer from "nodemailer";
import { inviteByOperator } from "./create.ts";

/**
 * Sends emails of the same size as the service's by `nodemailer` alone, from one string, over as many connections. It
 * renders, queues and records nothing. A message with a number makes it send that many. If the message also names an
 * organization, it first invites each address with the bare server's statement, as a script for a long list would.
 */
const CONNECTIONS = 10;
/** Twice as many emails at once as connections, so that each connection finds its next email waiting. */
const AT_ONCE = 2 * CONNECTIONS;

const transport = nodemailer.createTransport({
  url: process.env.SMTP_URL,
  pool: true,
  maxConnections: CONNECTIONS,
  maxMessages: Number.POSITIVE_INFINITY,
});

/** The bench prints the size of both: the two emails must be about as large. Long lines make nodemailer encode this one, too. */
const LINE =
  '<tr><td style="padding:0 24px;font-size:16px;color:#1d1c1a">You are invited to join Acme Corp</td></tr>\n';
const email = {
  from: '"Acme" <no-reply@guildhall.test>',
  subject: "Join Acme Corp on Acme",
  text: "You are invited to join Acme Corp.\n".repeat(21),
  html: `<html><body><table>\n${LINE.repeat(150)}</table></body></html>`,
  headers: { "Auto-Submitted": "auto-generated" },
};

process.on("disconnect", () => process.exit());
process.on("message", ({ count, organization }: { count: number; organization?: string }) => {
  let left = count;
  const loop = async () => {
    while (left > 0) await handle(`bare-${left--}@example.com`);
  };
  async function handle(to: string): Promise<void> {
    if (organization !== undefined && (await inviteByOperator("acme-test", organization, to)) === undefined)
      throw new Error(`${to} could not be invited`);
    await transport.sendMail({ ...email, to });
  }
  void Promise.all(Array.from({ length: AT_ONCE }, loop));
});
process.send?.("ready");
