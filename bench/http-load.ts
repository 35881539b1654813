import { connect } from "node:net";

/**
 * Sends requests over a number of kept-alive connections, each sending its next as soon as it has its answer (a closed
 * loop). Speaks just enough HTTP to know where an answer ends, so that the measuring costs little of the machine.
 * @throws at the first answer that is not 201.
 */
export async function drive(port: number, requests: Iterator<string>, connections: number): Promise<void> {
  await Promise.all(Array.from({ length: connections }, () => driveOne(port, requests)));
}

function driveOne(port: number, requests: Iterator<string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let answer = "";
    const ask = () => {
      const next = requests.next();
      if (!next.done) return void socket.write(next.value);
      resolve();
      socket.destroy();
    };
    const fail = (error: Error) => {
      reject(error);
      socket.destroy();
    };
    socket.setEncoding("latin1");
    socket.on("connect", ask);
    socket.on("error", fail);
    socket.on("end", () => fail(new Error(`The server hung up: ${answer}`)));
    socket.on("data", (chunk: string) => {
      answer += chunk;
      const head = answer.indexOf("\r\n\r\n");
      if (head === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(answer)?.[1]);
      if (answer.length < head + 4 + length) return;
      if (!answer.startsWith("HTTP/1.1 201")) return fail(new Error(answer));
      answer = "";
      ask();
    });
  });
}

/** A POST of a JSON:API document as it goes over the wire. */
export function postRequest(path: string, headers: Record<string, string>, document: object): string {
  const body = JSON.stringify(document);
  const lines = Object.entries({
    Host: "localhost",
    ...headers,
    "Content-Length": String(Buffer.byteLength(body)),
  });
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}
