import nodemailer from "nodemailer";
import pg from "pg";
import { insertInvitation } from "../src/invitations/insert-invitation.ts";
import { bareInvitation } from "./bare-invitation.ts";

/**
 * What a hand-written script could do at best with a list of people: the statement that invites, then an email of the
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
  const { ENVIRONMENT_ID: environment = "", ORGANIZATION_ID: organization = "" } = process.env;
  await pool.query(insertInvitation.query(bareInvitation(environment, organization, email)));
  await transport.sendMail({ from: "no-reply@guildhall.test", to: email, subject: "Join", text });
}
