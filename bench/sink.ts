import { once } from "node:events";
import type { Stage } from "./stage.ts";

export type Sink = Awaited<ReturnType<typeof openSink>>;

/** Starts an SMTP server that accepts every email. */
export async function openSink(stage: Stage) {
  const { child, port } = await stage.startHelper("smtp-sink.ts", {});
  let size = 0;
  return {
    url: `smtp://127.0.0.1:${port}`,
    /** Causes `count` emails and waits until the sink has accepted them. @returns nothing that was measured. */
    async untilAccepted(count: number, cause: () => unknown): Promise<number[]> {
      child.send(count);
      const accepted = once(child, "message");
      await cause();
      const [bytes] = await accepted;
      size = Math.round(bytes / count);
      return [];
    },
    /** Returns the average size of the emails that it accepted last. */
    bytesPerEmail: () => size,
  };
}
