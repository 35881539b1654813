import { accessSync, constants, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/** Finds the browser of this machine, or the one in CHROMIUM_PATH. Never downloads one. */
export const chromiumPath = process.env.CHROMIUM_PATH || findOnPath();

export function launchChromium(): Promise<Browser> {
  return chromium.launch(chromiumPath === undefined ? {} : { executablePath: chromiumPath });
}

/**
 * Starts a browser that blocks all cookies in its settings. Closing the context ends it.
 * @param scratch a directory for its profile, which the browser still writes to for a moment after it has ended.
 */
export async function launchWithoutCookies(scratch: string): Promise<BrowserContext> {
  const home = mkdtempSync(join(scratch, "chromium-"));
  mkdirSync(join(home, "Default"));
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFileSync(join(home, "Default", "Preferences"), JSON.stringify(preferences));
  const options = chromiumPath === undefined ? {} : { executablePath: chromiumPath };
  return chromium.launchPersistentContext(home, options);
}

/** Things that our pages must not do: send requests to another host, or log to the console. */
export interface Watched {
  foreign: string[];
  complaints: string[];
}

/** @param origin the only origin that may get requests. */
export function watch(context: BrowserContext, origin: string): Watched {
  const watched: Watched = { foreign: [], complaints: [] };
  context.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) watched.foreign.push(request.url());
  });
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") watched.complaints.push(message.text());
  });
  context.on("weberror", (error) => watched.complaints.push(String(error.error())));
  return watched;
}

/** Presses Tab until a button or link with this name has the focus. @throws if it never gets there. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate("document.activeElement?.textContent?.trim()")) === name) return;
  }
  throw new Error(`Tab never reaches ${name}`);
}

function findOnPath(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
