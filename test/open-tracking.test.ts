import { expect, test } from "vitest";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { openLink } from "./support/invitations.ts";

const guildhall = useGuildhall();

test("no email or page fetches a tenant's picture", async () => {
  const picture = "https://tracker.example/pixel.png";
  const owner = await buildPerson(guildhall, { picture });
  const organization = await buildOrganization(guildhall, owner, { picture });
  const email = uniqueEmail();
  const { body } = await invite({ ...guildhall, api: guildhall.api.as(owner.token) }, organization, email);
  await guildhall.jobContext.deliveries.run();
  const { source } = await guildhall.mailbox.waitFor(email);
  const { page } = await openLink(guildhall, body.data.id, 1);
  for (const shown of [source, page]) {
    expect(shown).not.toContain("tracker");
    expect(shown).not.toMatch(/<img|background=|url\(/i);
  }
});
