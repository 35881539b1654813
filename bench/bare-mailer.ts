import nodemailer from "nodemailer";
import { createLinkKeys } from "../src/invitations/invitation-link.ts";
import { newId } from "../src/lib/id.ts";
import { compileMails } from "../src/mail/compile-mails.ts";
import { composeMail } from "../src/mail/compose-mail.ts";
import { createMailRenderer } from "../src/mail/mail-renderer.ts";
import { SECRET_KEY } from "./service.ts";

/**
 * What a bare nodemailer loop could do at best: the worker's mail, rendered once, sent again and again over a pool of
 * ten connections. No database, no queue, no rendering. Asked for a number of emails, it sends them.
 */
const CONNECTIONS = 10;
/** Twice as many emails at once as connections, so that each connection finds its next mail waiting. */
const AT_ONCE = 2 * CONNECTIONS;

const transport = nodemailer.createTransport({
  url: process.env.SMTP_URL,
  pool: true,
  maxConnections: CONNECTIONS,
  maxMessages: Number.POSITIVE_INFINITY,
});
const id = newId("inv");
const mail = composeMail(
  {
    settings: {
      PUBLIC_URL: "http://127.0.0.1:3000",
      MAIL_FROM: { name: "", address: "no-reply@guildhall.test" },
    },
    linkKeys: createLinkKeys([SECRET_KEY]),
    renderer: createMailRenderer(await compileMails()),
  },
  {
    id: newId("dlv"),
    state: "sending",
    kind: "invitation",
    email: "person-1@example.com",
    message_id: `<${newId("dlv")}@guildhall.test>`,
    attempts: 1,
    ambiguous_attempts: 0,
    claimed_at: "",
    product: "Acme",
    from_name: null,
    locales: ["en"],
    organization: "Acme Corp",
    invitation_id: id,
    invited_email: "person-1@example.com",
    token_version: 1,
    message: null,
    expires_at: new Date(Date.now() + 7 * 86_400_000),
    roles: ["member"],
    inviter: null,
    in_reply_to: null,
    reply: null,
  },
);

process.on("disconnect", () => process.exit());
process.on("message", (count: number) => {
  let left = count;
  const loop = async () => {
    while (left-- > 0) await transport.sendMail({ ...mail });
  };
  void Promise.all(Array.from({ length: AT_ONCE }, loop));
});
process.send?.("ready");
