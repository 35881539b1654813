import { readEndpoints } from "./reading/read-endpoints.ts";
import { eventType } from "./types/event-type.ts";

/** What happened is read, never written. */
export const eventEndpoints = readEndpoints(eventType);
