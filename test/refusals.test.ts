import { describe, expect, test } from "vitest";
import { type Failure, failed } from "../src/mail/outcome.ts";

type Stage = "connect" | "ehlo" | "auth" | "mail" | "rcpt" | "data" | "dot";
/**
 * `recipient`: suppressed. `email`: failed. `retry`: tried again later. Anything else: a problem of the sending side.
 */
type Verdict = "recipient" | "email" | "retry" | `trouble: ${string}`;

/** In the style of each receiver or mail server, with invented people, hosts and addresses. */
const CORPUS: Array<[who: string, stage: Stage, reply: string, verdict: Verdict]> = [
  // A mailbox that nobody will ever reach.
  [
    "Gmail",
    "rcpt",
    "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the recipient's email address for typos or\n550 5.1.1 unnecessary spaces. https://support.example/mail?p=NoSuchUser - gsmtp",
    "recipient",
  ],
  ["Gmail", "rcpt", "550 5.2.1 The email account that you tried to reach is inactive. gsmtp", "recipient"],
  [
    "Exchange Online",
    "rcpt",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ada@corp.example not found by SMTP address lookup",
    "recipient",
  ],
  ["Exchange", "rcpt", "550 5.1.1 User unknown", "recipient"],
  ["Outlook.com", "rcpt", "550 Requested action not taken: mailbox unavailable (S2017)", "recipient"],
  [
    "Yahoo",
    "dot",
    "554 delivery error: dd This user doesn't have a yahoo.example account (ada@yahoo.example) [0]",
    "recipient",
  ],
  ["AOL", "rcpt", "552 1 Requested mail action aborted, mailbox not found", "recipient"],
  ["iCloud", "rcpt", "550 5.1.1 <ada@icloud.example>: user does not exist", "recipient"],
  ["GMX", "rcpt", "550 Requested action not taken: mailbox unavailable", "recipient"],
  ["web.de", "rcpt", "550 <ada@web.example>: User unknown", "recipient"],
  ["T-Online", "rcpt", "550-5.1.1 user unknown\n550 5.1.1 https://postmaster.example/1", "recipient"],
  [
    "Postfix",
    "rcpt",
    "550 5.1.1 <ada@acme.example>: Recipient address rejected: User unknown in relay recipient table",
    "recipient",
  ],
  [
    "old Postfix",
    "rcpt",
    "550 <ada@acme.example>: Recipient address rejected: User unknown in virtual mailbox table",
    "recipient",
  ],
  ["Exim", "rcpt", "550 No Such User Here", "recipient"],
  ["sendmail", "rcpt", "550 5.1.1 <ada@acme.example>... User unknown", "recipient"],
  ["qmail", "rcpt", "550 sorry, no mailbox here by that name (#5.1.1 - chkuser)", "recipient"],
  ["Courier", "rcpt", "550 User unknown.", "recipient"],
  ["AT&T", "rcpt", "550 5.2.1 <ada@att.example>... Addressee unknown, relay=[192.0.2.7]", "recipient"],
  [
    "Barracuda",
    "rcpt",
    "550 cuda_nsu 5.1.1 <ada@acme.example> Recipient address rejected: User unknown",
    "recipient",
  ],
  [
    "Proton Mail",
    "rcpt",
    "550 5.1.1 <ada@proton.example>: Recipient address rejected: Address does not exist",
    "recipient",
  ],
  ["Zoho", "rcpt", "550 5.1.1 User does not exist - <ada@zoho.example>", "recipient"],
  [
    "mail.ru",
    "dot",
    "550 Message was not accepted -- invalid mailbox. Local mailbox ada@mail.example is unavailable: user not found",
    "recipient",
  ],
  ["QQ", "rcpt", "550 Mailbox not found. http://service.mail.example/", "recipient"],
  ["163.com", "rcpt", "550 User not found: ada@163.example", "recipient"],
  ["Mimecast", "rcpt", "550 Invalid Recipient - https://community.example/docs#550", "recipient"],
  [
    "Rackspace",
    "rcpt",
    "550 5.1.1 <ada@acme.example>: Recipient address rejected: User unknown. (U1)",
    "recipient",
  ],
  ["a mailbox that moved", "rcpt", "551 5.1.6 The mailbox has moved", "recipient"],
  ["a host with a telling name", "rcpt", "550 No such user here (mx1.spam-policy.example)", "recipient"],
  ["a provider's report", "rcpt", "smtp; 550 5.1.1 unknown user", "recipient"],

  // This email's own fault, and no proof that its mailbox is gone.
  [
    "Gmail",
    "rcpt",
    "552-5.2.2 The email account that you tried to reach is over quota.\n552 5.2.2 gsmtp",
    "email",
  ],
  [
    "Gmail",
    "rcpt",
    "550-5.2.1 The user you are trying to contact is receiving mail at a rate that\n550 5.2.1 prevents additional messages from being delivered.",
    "email",
  ],
  ["Gmail", "dot", "552-5.3.4 Your message exceeded Google's message size limits.\n552 5.3.4 gsmtp", "email"],
  ["T-Online", "rcpt", "552 5.2.2 Over STORAGE quota", "email"],
  ["web.de", "rcpt", "550 User has exhausted allowed storage space.", "email"],
  [
    "Exchange Online",
    "rcpt",
    "550 5.4.1 [ada@corp.example]: Recipient address rejected: Access denied",
    "email",
  ],
  ["Outlook.com", "rcpt", "550 5.5.0 Requested action not taken: mailbox unavailable", "email"],
  ["Yandex", "rcpt", "550 5.7.1 No such user!", "email"],
  [
    "sendmail",
    "rcpt",
    "550 5.1.2 <ada@nowhere.example>... Host unknown (Name server: host not found)",
    "email",
  ],
  ["Postfix", "rcpt", "550 <ada@nowhere.example>: Recipient address rejected: Domain not found", "email"],
  ["Exim", "rcpt", "550 Unrouteable address", "email"],
  ["Exim", "mail", "552 Message size exceeds maximum permitted", "email"],
  ["Postfix", "mail", "552 5.3.4 Message size exceeds fixed limit", "email"],
  ["a server without SMTPUTF8", "mail", "550 5.6.7 SMTPUTF8 is required, but not offered", "email"],
  ["ClamAV", "dot", "550 Virus Eicar found", "email"],
  ["a reused address", "rcpt", "550 5.7.17 Mailbox owner has changed", "email"],

  // This recipient's fault, temporarily.
  [
    "Postgrey",
    "rcpt",
    "450 4.2.0 <ada@acme.example>: Recipient address rejected: Greylisted, see http://postgrey.example/",
    "retry",
  ],
  ["GMX-style greylisting", "rcpt", "451 4.7.1 Greylisting in action, please come back later", "retry"],
  ["a plain request for patience", "rcpt", "450 4.7.1 Please try again later", "retry"],
  [
    "Gmail",
    "rcpt",
    "452-4.2.2 The email account that you tried to reach is over quota.\n452 4.2.2 gsmtp",
    "retry",
  ],
  [
    "Gmail",
    "rcpt",
    "450-4.2.1 The user you are trying to contact is receiving mail too quickly.\n450 4.2.1 Please resend later.",
    "retry",
  ],
  [
    "Postfix",
    "rcpt",
    "450 4.1.1 <ada@acme.example>: Recipient address rejected: unverified address",
    "retry",
  ],
  [
    "Postfix",
    "rcpt",
    "450 4.1.2 <ada@nowhere.example>: Recipient address rejected: Domain not found",
    "retry",
  ],
  ["Mimecast", "rcpt", "451 Recipient temporarily unavailable", "retry"],
  ["Exim", "dot", "421 bye", "retry"],

  // Our sender.
  [
    "Postfix",
    "rcpt",
    "550 5.1.8 <no-reply@acme.invalid>: Sender address rejected: Domain not found",
    "trouble: sender",
  ],
  [
    "Postfix",
    "rcpt",
    "554 5.7.1 <no-reply@acme.example>: Sender address rejected: Access denied",
    "trouble: sender",
  ],
  [
    "Postfix",
    "rcpt",
    "450 4.1.8 <no-reply@acme.invalid>: Sender address rejected: Domain not found",
    "trouble: sender",
  ],
  [
    "old Postfix",
    "rcpt",
    "554 <no-reply@acme.invalid>: Sender address rejected: Access denied",
    "trouble: sender",
  ],
  [
    "Postfix",
    "rcpt",
    "553 5.7.1 <no-reply@acme.example>: Sender address rejected: not owned by user bob",
    "trouble: sender",
  ],
  ["a malformed address", "rcpt", "553 5.1.7 Invalid address", "trouble: sender"],
  ["Exim", "rcpt", "550 Sender verify failed", "trouble: sender"],
  [
    "5.1.1 that speaks of the sender",
    "rcpt",
    "550 5.1.1 Sender address rejected: unknown user",
    "trouble: sender",
  ],
  [
    "Exchange Online",
    "dot",
    "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
    "trouble: sender",
  ],
  [
    "Amazon SES",
    "dot",
    "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: no-reply@acme.example",
    "trouble: sender",
  ],
  ["SendGrid", "dot", "550 The from address does not match a verified Sender Identity.", "trouble: sender"],
  [
    "Gmail",
    "dot",
    "550-5.7.26 Unauthenticated email from acme.example is not accepted due to domain's\n550 5.7.26 DMARC policy.",
    "trouble: sender",
  ],
  [
    "GMX",
    "dot",
    "550 Reject due to SPF policy. The originating IP is not permitted by the domain owner",
    "trouble: sender",
  ],
  ["Exim", "mail", "550 rejected", "trouble: sender"],

  // No relay for us.
  ["Postfix", "rcpt", "554 5.7.1 <ada@acme.example>: Relay access denied", "trouble: relay"],
  ["Postfix", "rcpt", "454 4.7.1 <ada@acme.example>: Relay access denied", "trouble: relay"],
  ["Exchange", "rcpt", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "trouble: relay"],
  ["Exchange", "rcpt", "550 5.7.1 Unable to relay", "trouble: relay"],
  ["Exim", "rcpt", "550 relay not permitted", "trouble: relay"],
  ["sendmail", "rcpt", "550 5.7.1 <ada@acme.example>... Relaying denied", "trouble: relay"],
  [
    "qmail",
    "rcpt",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "trouble: relay",
  ],

  // A block list.
  [
    "Postfix",
    "rcpt",
    "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org",
    "trouble: block list",
  ],
  [
    "Outlook.com",
    "rcpt",
    "550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. Part of their network is on our block list (S3140).",
    "trouble: block list",
  ],
  [
    "Exchange Online",
    "rcpt",
    "550 5.7.606 Access denied, banned sending IP [192.0.2.7]",
    "trouble: block list",
  ],
  [
    "Yahoo",
    "connect",
    "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.7, because the ip is in Spamhaus's list",
    "trouble: block list",
  ],
  [
    "Proofpoint",
    "rcpt",
    "554 5.7.0 Blocked - see https://ipcheck.proofpoint.example/?ip=192.0.2.7",
    "trouble: block list",
  ],
  ["Barracuda", "rcpt", "550 5.7.1 Client host rejected: poor reputation", "trouble: block list"],
  ["web.de", "connect", "554-No SMTP service\n554 Bad DNS PTR resource record.", "trouble: block list"],
  [
    "Postfix",
    "rcpt",
    "450 4.7.1 Client host rejected: cannot find your reverse hostname",
    "trouble: block list",
  ],
  ["Postfix", "rcpt", "450 4.7.1 <guildhall>: Helo command rejected: Host not found", "trouble: block list"],
  [
    "Postfix",
    "rcpt",
    "504 5.5.2 <guildhall>: Helo command rejected: need fully-qualified hostname",
    "trouble: block list",
  ],
  [
    "5.1.1 that quotes a block list",
    "rcpt",
    "550 5.1.1 <ada@acme.example>: undeliverable address: host said: 550 5.7.1 blocked using Spamhaus",
    "trouble: block list",
  ],

  // Too much, too fast.
  ["Postfix", "mail", "450 4.7.1 Error: too much mail from 192.0.2.7", "trouble: rate"],
  ["Postfix", "rcpt", "450 4.7.1 Error: too many recipients from 192.0.2.7", "trouble: rate"],
  [
    "Gmail",
    "dot",
    "421-4.7.28 Our system has detected an unusual rate of unsolicited mail.\n421 4.7.28 gsmtp",
    "trouble: rate",
  ],
  ["Gmail", "mail", "421 4.7.0 Try again later, closing connection. (MAIL)", "trouble: rate"],
  ["Gmail", "dot", "550 5.4.5 Daily user sending limit exceeded.", "trouble: rate"],
  ["Gmail", "auth", "454 4.7.0 Too many login attempts, please try again later.", "trouble: rate"],
  [
    "Yahoo",
    "mail",
    "421 4.7.0 [TSS04] Messages from 192.0.2.7 temporarily deferred due to unexpected volume or user complaints",
    "trouble: rate",
  ],
  [
    "Outlook.com",
    "rcpt",
    "451 4.7.650 The mail server [192.0.2.7] has been temporarily rate limited due to IP reputation.",
    "trouble: rate",
  ],
  ["Amazon SES", "dot", "454 Throttling failure: Maximum sending rate exceeded.", "trouble: rate"],
  ["SendGrid", "dot", "451 You've exceeded your messaging limits", "trouble: rate"],
  ["web.de", "rcpt", "421 Rate limit reached. Please try again later", "trouble: rate"],
  ["QQ", "rcpt", "550 Ip frequency limited", "trouble: rate"],
  ["Exchange Online", "rcpt", "550 5.7.705 Access denied, tenant has exceeded threshold", "trouble: rate"],
  ["5.1.1 that speaks of a rate", "rcpt", "550 5.1.1 Rejected: too many messages", "trouble: rate"],
  [
    "Postfix",
    "connect",
    "421 4.7.0 mx.acme.example Error: too many connections from 192.0.2.7",
    "trouble: connections",
  ],
  [
    "Orange",
    "connect",
    "421 Trop de connexions, veuillez verifier votre configuration. OFR004",
    "trouble: connections",
  ],
  [
    "Exchange Online",
    "rcpt",
    "421 4.3.2 The maximum number of concurrent server connections has exceeded a limit",
    "trouble: connections",
  ],

  // A login, or a system with a problem.
  [
    "Exchange Online",
    "mail",
    "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail",
    "trouble: login",
  ],
  ["hMailServer", "rcpt", "530 SMTP authentication is required.", "trouble: login"],
  ["Gmail", "mail", "530 5.7.0 Must issue a STARTTLS command first.", "trouble: login"],
  ["Gmail", "auth", "535-5.7.8 Username and Password not accepted.\n535 5.7.8 gsmtp", "trouble: login"],
  [
    "MailEnable",
    "rcpt",
    "503 This mail server requires authentication when attempting to send to a non-local address",
    "trouble: login",
  ],
  ["Postfix", "rcpt", "451 4.3.0 <ada@acme.example>: Temporary lookup failure", "trouble: busy"],
  ["Postfix", "data", "452 4.3.1 Insufficient system storage", "trouble: busy"],
  ["Postfix", "data", "451 4.7.1 Service unavailable - try again later", "trouble: busy"],
  ["Postfix", "connect", "421 4.3.2 All server ports are busy", "trouble: refusal"],
  ["Postfix", "mail", "451 4.3.0 Temporary lookup failure", "trouble: busy"],
  ["Exim", "connect", "554 No", "trouble: refusal"],

  // This email's fault or ours: other emails decide.
  [
    "Gmail",
    "dot",
    "550-5.7.1 Our system has detected that this message is likely unsolicited mail.\n550 5.7.1 gsmtp",
    "trouble: content",
  ],
  ["SpamAssassin", "dot", "571 5.7.1 message classified as spam", "trouble: content"],
  ["QQ", "dot", "550 Mail content denied", "trouble: content"],
  ["Mimecast", "dot", "554 Email rejected due to security policies", "trouble: policy"],
  [
    "Exchange Online",
    "rcpt",
    "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; not allowed",
    "trouble: policy",
  ],
  ["iCloud", "dot", "550 5.7.1 [CS01] Message rejected due to local policy.", "trouble: content"],
  ["GMX", "dot", "554 Transaction failed. Reject due to policy restrictions.", "trouble: policy"],
  ["Yahoo", "dot", "554 5.7.9 Message not accepted for policy reasons.", "trouble: policy"],
  ["a recipient's policy", "rcpt", "550 5.7.1 blocked by recipient policy", "trouble: policy"],
  ["Exim", "rcpt", "550 Administrative prohibition", "trouble: policy"],
  ["Cisco", "rcpt", "550 #5.1.0 Address rejected.", "trouble: policy"],
  ["5.1.1 that speaks of policy", "rcpt", "550 5.1.1 Rejected by our mail policy", "trouble: policy"],
  ["a server without a reason", "data", "554 no", "trouble: policy"],
  ["163.com", "dot", "554 DT:SPM 163 smtp", "trouble: policy"],
];

const COMMANDS: Record<Stage, Partial<Failure>> = {
  connect: { code: "EPROTOCOL", command: "CONN" },
  ehlo: { code: "EPROTOCOL", command: "EHLO" },
  auth: { code: "EAUTH", command: "AUTH PLAIN" },
  mail: { code: "EENVELOPE", command: "MAIL FROM" },
  rcpt: { code: "EENVELOPE", command: "RCPT TO", senderAccepted: true },
  data: { code: "EENVELOPE", command: "DATA", senderAccepted: true },
  dot: { code: "EMESSAGE", command: "DATA", senderAccepted: true, dataAccepted: true },
};

function outcomeOf(stage: Stage, reply: string) {
  const responseCode = Number(/\d{3}/.exec(reply)?.[0]);
  const failure = { code: "", command: "", senderAccepted: false, dataAccepted: false, responseCode, reply };
  return failed({ ...failure, ...COMMANDS[stage] }, 1, 0);
}

describe("the fault behind a refusal:", () => {
  test.each(CORPUS)("the fault behind a refusal by %s, %s: %s", (_, stage, reply, verdict) => {
    const { state, suppress, trouble } = outcomeOf(stage, reply);
    const settled = state === "failed" ? "email" : "retry";
    const judged = trouble === null ? (suppress ? "recipient" : settled) : `trouble: ${trouble.cause}`;
    expect(judged).toBe(verdict);
  });

  test("the corpus is large enough, and each problem's advice says what to do", () => {
    expect(CORPUS.length).toBeGreaterThan(80);
    for (const [, stage, reply] of CORPUS) {
      const advice = outcomeOf(stage, reply).trouble?.advice ?? "check";
      expect(advice).toMatch(/check|see |set |put |ask |let /i);
    }
  });
});
