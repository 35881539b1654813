import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** The step at which a server misbehaves. `body`: the message has begun to arrive. `dot`: it has arrived, and the reply is due. */
export type Step = "greeting" | "ehlo" | "auth" | "mail" | "rcpt" | "data" | "body" | "dot" | "quit";

export interface Fault {
  at: Step;
  /**
   * `cut` ends the connection, `silence` says nothing more, a promise delays the usual reply, and any other text is
   * the reply. After the dot, a reply that begins with a 2 accepts the email. A 421 also ends the connection.
   */
  does: "cut" | "silence" | Promise<unknown> | `${number} ${string}`;
  /** Only after the dot: whether the email is kept, even if the sender doesn't learn that. */
  keeps?: boolean;
}

export interface KeptMail {
  from: string;
  to: string[];
  source: string;
}

export interface ScriptedSmtp {
  url: string;
  /** All emails that the server kept, even if it couldn't say so. */
  kept: KeptMail[];
  /** The number of connections so far. */
  connections: number;
  /** Sets faults that occur once each, in this order. After the last one the server behaves. */
  script(...faults: Fault[]): void;
  /** Returns how many faults of the script haven't occurred yet. */
  ahead(): number;
  /** Forgets the script, so that the server behaves. */
  forget(): void;
  /** Forgets the script and the kept emails, and ends all connections, so that the next email needs a new one. */
  reset(): void;
  /** Ends all connections and takes no new ones. Stopping twice is harmless. */
  stop(): Promise<void>;
}

/**
 * Starts an SMTP server that follows the test's script, down to the byte after which it vanishes. It accepts
 * everything that the script doesn't refuse.
 * @param extensions its answers to EHLO, such as `PIPELINING`, or `AUTH PLAIN`, with which its URL has a password.
 */
export async function startScriptedSmtp(...extensions: string[]): Promise<ScriptedSmtp> {
  const login = extensions.some((extension) => extension.startsWith("AUTH")) ? "user:password@" : "";
  const greeting = ["scripted", ...extensions].map(
    (line, n) => `250${n === extensions.length ? " " : "-"}${line}`,
  );
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    smtp.connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    void converse(socket).catch(() => socket.destroy());
  });
  let faults: Fault[] = [];
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const smtp: ScriptedSmtp = {
    url: `smtp://${login}127.0.0.1:${port}`,
    kept: [],
    connections: 0,
    script: (...more) => void faults.push(...more),
    ahead: () => faults.length,
    forget() {
      faults = [];
    },
    reset() {
      smtp.forget();
      smtp.kept.length = 0;
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  /** Returns the reply to a step: a scripted fault, or the usual one. */
  async function step(socket: Socket, at: Step, usual: string, keep?: () => void): Promise<Course> {
    const fault = faults[0]?.at === at ? faults.shift() : undefined;
    const does = fault === undefined || fault.does instanceof Promise ? usual : fault.does;
    await fault?.does;
    if (fault?.keeps || does.startsWith("2")) keep?.();
    if (does === "cut") socket.destroy();
    if (does === "cut" || does === "silence") return "over";
    if (does !== "") socket.write(`${does}\r\n`);
    if (does.startsWith("421")) socket.end();
    if (does.startsWith("421")) return "over";
    return /^[45]/.test(does) ? "refused" : "goes on";
  }

  async function converse(socket: Socket): Promise<void> {
    const nextLine = lineReader(socket);
    const mail: KeptMail = { from: "", to: [], source: "" };
    let course = await step(socket, "greeting", "220 scripted");
    while (course !== "over") {
      const line = await nextLine();
      if (line === undefined) return;
      course = await obey(line);
    }

    async function obey(line: string): Promise<Course> {
      const [, verb = "", path = ""] = /^(\w+)[^<]*(?:<(.*?)>)?/.exec(line) ?? [];
      switch (verb.toUpperCase()) {
        case "EHLO":
          return step(socket, "ehlo", greeting.join("\r\n"));
        case "AUTH":
          return step(socket, "auth", "235 welcome");
        case "MAIL":
          Object.assign(mail, { from: path, to: [], source: "" });
          return step(socket, "mail", "250 sender taken");
        case "RCPT":
          return step(socket, "rcpt", "250 recipient taken", () => mail.to.push(path));
        case "DATA": {
          const asked = await step(socket, "data", mail.to.length > 0 ? "354 go on" : "503 to whom?");
          return asked === "goes on" ? takeMessage() : asked;
        }
        default:
          return step(socket, "quit", verb.toUpperCase() === "QUIT" ? "421 bye" : "250 as you like");
      }
    }

    async function takeMessage(): Promise<Course> {
      let line = await nextLine();
      if ((await step(socket, "body", "")) === "over") return "over";
      for (; line !== "."; line = await nextLine()) {
        if (line === undefined) return "over";
        mail.source += `${line.replace(/^\./, "")}\r\n`;
      }
      return step(socket, "dot", "250 kept", () => smtp.kept.push({ ...mail }));
    }
  }

  return smtp;
}

type Course = "goes on" | "refused" | "over";

/** Returns a function that reads the next line, or undefined at the end. */
function lineReader(socket: Socket): () => Promise<string | undefined> {
  const lines: string[] = [];
  let rest = "";
  let wake = () => {};
  socket.on("data", (chunk) => {
    const parts = (rest + chunk.toString("utf8")).split("\r\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    wake();
  });
  socket.on("close", () => wake());
  return async () => {
    while (lines.length === 0) {
      if (socket.destroyed) return undefined;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return lines.shift();
  };
}
