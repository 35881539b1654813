import { z } from "zod";

/** Where a button leads: never a scheme a browser would run. */
export const linkField = z.url({ protocol: /^https?$/ });

/** An address that was validated before it was stored; here only kept from becoming two, or a second header line. */
export const addressField = z.string().regex(/^[^\s<>,;"]+@[^\s<>,;"]+$/u);
