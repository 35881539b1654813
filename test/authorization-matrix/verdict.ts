import { callersOf } from "../../src/access/allow.ts";
import type { Endpoint } from "../../src/http/endpoint.ts";
import type { Caller, Column } from "./names.ts";
import type { Row, Verdict } from "./rows.ts";

/** The status an endpoint must answer, by its row and the general rules. */
export function expectedStatus(endpoint: Endpoint, row: Row, caller: Caller, column: Column): number {
  const verdict = row.except?.[caller]?.[column] ?? ruleFor(endpoint, row, caller, column);
  if (verdict === "ok") return endpoint.answers.status;
  return verdict === "closed" ? 403 : verdict;
}

function ruleFor({ allow }: Endpoint, row: Row, caller: Caller, column: Column): Verdict {
  const absent = column === "otherEnvironment" || column === "deleted";
  const who = callersOf(allow);
  switch (caller) {
    case "anonymous":
    case "otherSession":
    case "otherClient":
      return 401;
    case "clientWithoutScope":
      return "closed";
    case "clientWithScope":
      if (who === "operator" || who === "user") return "closed";
      return absent ? 404 : "ok";
    case "operator":
      if (who === "user") return "closed";
      return absent ? 404 : "ok";
    case "otherOwner":
      return forSession(column === "foreign" ? row.owner : row.outsider, absent);
    default:
      return forSession(column === "foreign" ? (row.foreign ?? row.outsider) : row[caller], absent);
  }
}

function forSession(verdict: Verdict, absent: boolean): Verdict {
  return absent && verdict !== "closed" ? 404 : verdict;
}
