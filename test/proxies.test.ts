import { expect, test } from "vitest";
import { startGuildhall } from "./support/guildhall.ts";

/** Tries wrong links until the limit is reached, each from another made-up address. */
async function tryLinks(proxies: number, forwarded: (attempt: number) => string): Promise<number[]> {
  const guildhall = await startGuildhall({ settings: { PROXIES: proxies } });
  const statuses: number[] = [];
  for (let attempt = 1; attempt <= 40; attempt += 1) {
    const headers = { "X-Forwarded-For": forwarded(attempt) };
    const { status } = await fetch(`${guildhall.api.origin}/i/wrong`, { headers });
    statuses.push(status);
  }
  await guildhall.stop();
  return statuses;
}

test("without a proxy X-Forwarded-For is ignored", async () => {
  expect(await tryLinks(0, (attempt) => `192.0.2.${attempt}`)).toContain(429);
});

test("behind a proxy callers are distinguished by what the proxy wrote", async () => {
  expect(await tryLinks(1, (attempt) => `192.0.2.${attempt}`)).not.toContain(429);
});

test("behind a proxy nobody escapes a limit by a made-up address", async () => {
  expect(await tryLinks(1, (attempt) => `203.0.113.${attempt}, 192.0.2.1`)).toContain(429);
});
