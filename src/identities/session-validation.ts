import { z } from "zod";
import { Refusal } from "../errors.ts";
import { createFairGate, GateFull } from "../lib/fair-gate.ts";
import { causeOf } from "../lib/fetch-bounded.ts";
import { networkOf } from "../lib/network-of.ts";
import { hashToken } from "../lib/random-token.ts";
import { createShortMemory } from "../lib/short-memory.ts";
import { type AuthService, askAuthService } from "./ask-auth-service.ts";
import type { IdentitySource } from "./identity-source.ts";

/** Questions under way at most: a service that hangs must not take all our sockets, nor one address all of these. */
const QUESTIONS = { atOnce: 100, each: 20, waiting: 400, waitingEach: 80 };
/** For so many milliseconds, and of so many tokens, a no is remembered. */
const REFUSED = { milliseconds: 10_000, tokens: 10_000 };
/** Characters. What is none of its tokens is not worth a question. */
const TOKEN = { shortest: 10, longest: 4_096 };

/** People with a session of the team's auth service, which is asked about it. */
export function createSessionValidation(service: AuthService): IdentitySource {
  const refused = createShortMemory(REFUSED.milliseconds, REFUSED.tokens);
  const gate = createFairGate({ ...QUESTIONS, patience: service.timeout });
  return {
    async identify(presented, mayAsk) {
      const { token, ip } = presented;
      if (token.length < TOKEN.shortest || token.length > TOKEN.longest) return undefined;
      // By the token alone: everything else that comes with it, a caller may change with each request.
      const print = hashToken(token).toString("base64");
      if (refused.has(print)) return undefined;
      mayAsk();
      try {
        return await gate(networkOf(ip), async () => {
          // Much may have been found out while this waited.
          if (refused.has(print)) return undefined;
          mayAsk();
          const identity = await askAuthService(service, presented);
          if (identity === undefined) refused.add(print);
          return identity;
        });
      } catch (error) {
        throw error instanceof Refusal ? error : unavailable(describe(error));
      }
    },
  };
}

/** For the log: where the answer is wrong, and nothing of what is in it. */
function describe(error: unknown): unknown {
  if (error instanceof GateFull) return new Error("too many questions to the auth service at once");
  if (!(error instanceof z.ZodError)) return causeOf(error);
  const places = error.issues.map(({ path }) => path.join(".") || "the whole");
  return new Error(`the auth service answered in an unknown shape: see ${places.join(", ")}`);
}

function unavailable(cause: unknown): Refusal {
  const detail =
    "The service that knows your session can't be asked just now. You are not signed out: try again shortly.";
  const items = { code: "session_validation_unavailable", detail };
  return new Refusal(503, [items], { "Retry-After": "2" }, { cause });
}
