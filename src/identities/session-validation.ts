import { z } from "zod";
import { Refusal } from "../errors.ts";
import { causeOf } from "../lib/fetch-bounded.ts";
import { createShortMemory } from "../lib/short-memory.ts";
import { type AuthService, askAuthService } from "./ask-auth-service.ts";
import { fingerprint, type IdentitySource } from "./identity-source.ts";

/** Questions under way at most: a service that hangs must not take all our sockets. */
const AT_ONCE = 100;
/** For so many milliseconds, and of so many tokens, a no is remembered. */
const REFUSED = { milliseconds: 10_000, tokens: 10_000 };
/** Characters. What is none of its tokens is not worth a question. */
const TOKEN = { shortest: 10, longest: 4_096 };

/** People with a session of the team's auth service, which is asked about it. */
export function createSessionValidation(service: AuthService): IdentitySource {
  const refused = createShortMemory(REFUSED.milliseconds, REFUSED.tokens);
  let underWay = 0;
  return {
    async identify(presented) {
      const { length } = presented.token;
      const print = fingerprint(presented);
      if (length < TOKEN.shortest || length > TOKEN.longest || refused.has(print)) return undefined;
      if (underWay >= AT_ONCE) throw unavailable(new Error("too many questions to the auth service at once"));
      underWay += 1;
      try {
        const identity = await askAuthService(service, presented);
        if (identity === undefined) refused.add(print);
        return identity;
      } catch (error) {
        throw unavailable(describe(error));
      } finally {
        underWay -= 1;
      }
    },
  };
}

/** For the log: where the answer is wrong, and nothing of what is in it. */
function describe(error: unknown): unknown {
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
