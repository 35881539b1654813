import {
  createDeliveryRunner,
  type DeliveryRunner,
  type DeliveryRunnerParts,
} from "../../src/mail/delivery-runner.ts";
import { createMailRenderer } from "../../src/mail/mail-renderer.ts";

/** The real runner, whose mails are compiled when the first run asks for them: most tests send none. */
export function deliveriesWhenDue(parts: Omit<DeliveryRunnerParts, "renderer">): DeliveryRunner {
  let runner: Promise<DeliveryRunner> | undefined;
  const ready = () => {
    runner ??= createMailRenderer().then((renderer) => createDeliveryRunner({ ...parts, renderer }));
    return runner;
  };
  return {
    run: async () => (await ready()).run(),
    stop: async (grace) => (await runner)?.stop(grace),
  };
}
