import nodemailer from "nodemailer";
import pg from "pg";
import { insertInvitation } from "../src/invitations/insert-invitation.ts";
import { newId } from "../src/lib/id.ts";

/**
 * What a hand-written script could do at best with a list of people: the statement that invites, then a mail of the
 * same size over a pool of ten connections; ten people at a time. It keeps no account of what became of whom.
 */
const AT_ONCE = 10;
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: AT_ONCE });
const transport = nodemailer.createTransport({
  url: process.env.SMTP_URL,
  pool: true,
  maxConnections: AT_ONCE,
  maxMessages: Number.POSITIVE_INFINITY,
});
const text = "You are invited.\n".repeat(900);

process.on("disconnect", () => process.exit());
process.on("message", (count: number) => {
  let left = count;
  const loop = async () => {
    while (left > 0) await inviteAndSend(left--);
  };
  void Promise.all(Array.from({ length: AT_ONCE }, loop));
});
process.send?.("ready");

async function inviteAndSend(number: number): Promise<void> {
  const email = `listed-${number}@bare.example`;
  const { ENVIRONMENT_ID: environment, ORGANIZATION_ID: organization } = process.env;
  const [invitation, delivery, created, lapsed] = [newId("inv"), newId("dlv"), newId("evt"), newId("evt")];
  await pool.query({
    ...insertInvitation.query,
    values: [
      ...[environment, organization, email, email, [], null, invitation, null, null, null, "{}", null, 7],
      ...[delivery, created, lapsed, "operator", true, null, null],
    ],
  });
  await transport.sendMail({ from: "no-reply@guildhall.test", to: email, subject: "Join", text });
}
