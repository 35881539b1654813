import type { Context as KoaContext } from "koa";
import { locales } from "../mail/locales.ts";

/** The browser's language, for pages about no invitation that would have one. */
export function preferredLanguage(ctx: KoaContext): string {
  return ctx.acceptsLanguages(["en", ...locales.keys()]) || "en";
}
