import { once } from "node:events";
import { SMTPServer } from "smtp-server";

/** An SMTP server with limits, which refuses as relays do. Everything may be changed while it runs. */
export interface StrictSmtp {
  url: string;
  /** The most connections at once. */
  connections: number;
  /** The most emails in each `window` of milliseconds. */
  most: number;
  window: number;
  /** Its reply to `RCPT TO`, such as `550 5.1.1 no such user`, or undefined to accept the recipient. */
  refusal(recipient: string): `${number} ${string}` | undefined;
  /** Whether a connection keeps the rules from the time it was opened, as in Postfix. */
  keepsRules: boolean;
  /** The recipients of all accepted emails, in order. */
  taken: string[];
  /** How often it sent each reply that wasn't an acceptance. */
  refusals: Map<string, number>;
  stop(): Promise<void>;
}

export async function startStrictSmtp(): Promise<StrictSmtp> {
  const greeted = new Map<string, Pick<StrictSmtp, "refusal" | "most">>();
  const rulesFor = (id: string) => (smtp.keepsRules ? greeted.get(id) : undefined) ?? smtp;
  let windowBegan = 0;
  let inWindow = 0;

  function no(reply: string): Error {
    smtp.refusals.set(reply, (smtp.refusals.get(reply) ?? 0) + 1);
    const [, responseCode, message] = /^(\d+) (.*)$/.exec(reply) ?? [];
    return Object.assign(new Error(message), { responseCode: Number(responseCode) });
  }

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    closeTimeout: 100,
    onConnect({ id }, done) {
      if (greeted.size >= smtp.connections) return done(no("421 4.3.2 too many connections, try later"));
      greeted.set(id, { refusal: smtp.refusal, most: smtp.most });
      done();
    },
    onClose: ({ id }) => void greeted.delete(id),
    onMailFrom(_, { id }, done) {
      if (Date.now() - windowBegan > smtp.window) {
        windowBegan = Date.now();
        inWindow = 0;
      }
      inWindow += 1;
      done(inWindow > rulesFor(id).most ? no("450 4.7.1 Error: too much mail from 127.0.0.1") : null);
    },
    onRcptTo({ address }, { id }, done) {
      const refusal = rulesFor(id).refusal(address);
      done(refusal === undefined ? null : no(refusal));
    },
    onData(stream, { envelope }, done) {
      stream.resume().on("end", () => {
        smtp.taken.push(...envelope.rcptTo.map(({ address }) => address));
        done(null, "taken");
      });
    },
  });
  server.on("error", () => {});
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const address = listening.address();
  const smtp: StrictSmtp = {
    url: `smtp://127.0.0.1:${typeof address === "object" ? address?.port : undefined}`,
    connections: Number.POSITIVE_INFINITY,
    most: Number.POSITIVE_INFINITY,
    window: 1_000,
    refusal: () => undefined,
    keepsRules: false,
    taken: [],
    refusals: new Map(),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return smtp;
}
