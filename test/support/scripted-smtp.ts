import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** Where a server may misbehave. `body`: the message has begun to arrive. `dot`: it is there, the verdict is due. */
export type Step = "greeting" | "ehlo" | "auth" | "mail" | "rcpt" | "data" | "body" | "dot" | "quit";

export interface Fault {
  at: Step;
  /**
   * `cut` the connection; say nothing more (`silence`); wait for a promise and then go on as usual; or else say this.
   * A reply that begins with a 2 after the dot is an acceptance, a 421 also ends the connection.
   */
  does: "cut" | "silence" | Promise<unknown> | `${number} ${string}`;
  /** After the dot only: the email is kept, even if the sender doesn't learn it. */
  keeps?: boolean;
}

export interface KeptMail {
  from: string;
  to: string[];
  source: string;
}

export interface ScriptedSmtp {
  url: string;
  /** Every email the server kept, even if it couldn't say so. */
  kept: KeptMail[];
  /** Connections there have been. */
  connections: number;
  /** Each fault is met once, in this order; after the last one the server behaves. */
  script(...faults: Fault[]): void;
  /** How many faults of the script have not been met yet. */
  ahead(): number;
  /** Forgets the script: the server is well. */
  forget(): void;
  /** Forgets the script and what was kept, and ends every connection: the next mail needs a new one. */
  reset(): void;
  /** Ends every connection and takes no new one. Stopping twice does no harm. */
  stop(): Promise<void>;
}

/**
 * An SMTP server that does as the test says, down to the byte after which it is gone. It accepts what it isn't told to
 * refuse.
 * @param extensions what it answers to EHLO, e.g. `PIPELINING`, or `AUTH PLAIN`: then its URL holds a password.
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

  /** The reply to a step: a scripted fault, or the usual one. */
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

/** @returns a function that gives the next line, undefined at the end. */
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
