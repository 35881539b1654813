import { createServer } from "node:http";
import { join } from "node:path";
import Koa from "koa";
import type { RequestState } from "../../src/http/request-scope.ts";
import { packageRoot } from "../../src/lib/package-root.ts";
import { previewsRouter } from "../../src/local/previews-router.ts";
import { launchChromium } from "../support/chromium.ts";

/** Takes the pictures of docs/gallery.md from the previews: `npm run screenshots`. */
const SHOTS = [
  { name: "mail", path: "mails/invitation/en/light", width: 640, height: 940 },
  { name: "mail-dark", path: "mails/invitation-reminder/de/dark", width: 640, height: 960 },
  { name: "mail-arabic-phone", path: "mails/invitation/ar/light", width: 390, height: 1000 },
  { name: "page", path: "pages/invitation/en/light", width: 640, height: 880 },
  { name: "page-dark-phone", path: "pages/accepted/pt/dark", width: 390, height: 480 },
  { name: "previews", path: "mails/invitation-accepted/en", width: 1440, height: 860 },
] as const;

const app = new Koa<RequestState>();
app.use(previewsRouter({ hasInbox: true }).routes());
const server = createServer(app.callback());
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = server.address();
const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;

const browser = await launchChromium();
for (const { name, path, width, height } of SHOTS) {
  // A sharp picture of a small page; files stay small.
  const deviceScaleFactor = width > 1000 ? 1 : 1.5;
  const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor });
  await page.goto(`${origin}/dev/mails/${path}`, { waitUntil: "networkidle" });
  await page.screenshot({ path: join(packageRoot(), "docs", "screenshots", `${name}.png`) });
  await page.close();
}
await browser.close();
server.closeAllConnections();
server.close();
