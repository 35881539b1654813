import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type PageName, pageSamples } from "../src/pages/pages.ts";
import { renderPage } from "../src/pages/render-page.ts";
import { pageHeaders } from "../src/pages/send-page.ts";

const samples = pageSamples;
const pages = Object.keys(samples) as PageName[];

function renderSample(name: PageName, changes: object = {}): string {
  return renderPage(name, { ...samples[name], ...changes } as never);
}

describe.each(pages)("the page %s", (name) => {
  const html = renderSample(name, { product: "Acme" });

  test("is filled in completely", () => {
    expect(html).not.toMatch(/\{\{|\}\}|\[\[|\]\]|undefined|\[object/);
  });

  test("declares its language, and has a title, one heading and one main part", () => {
    expect(html).toMatch(/<html lang="en" dir="ltr">/);
    expect(html).toMatch(/<title>[^<]+ – Acme<\/title>/);
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html.match(/<main\b/g)).toHaveLength(1);
  });

  test("a page loads, runs and links nothing from elsewhere", () => {
    expect(html).not.toMatch(/https?:|\/\/|<script|<link|<img|url\(|@import|\sstyle=|\son\w+=/i);
  });

  test("has only the style its policy allows", () => {
    const styles = [...html.matchAll(/<style>(.*?)<\/style>/gs)].map(([, css]) => css ?? "");
    const hash = createHash("sha256").update(styles.join()).digest("base64");
    expect(pageHeaders["Content-Security-Policy"]).toContain(`style-src 'sha256-${hash}'`);
  });

  test("has no name above the card if none is given", () => {
    expect(renderSample(name, { product: null })).not.toContain('class="brand"');
  });
});

describe("the invitation page", () => {
  test("has a guarded form for each answer, without scripts", () => {
    const html = renderSample("invitation");
    expect(
      html.match(
        /<form (?:id="decline" )?method="post" action="[^"]+">\s*<input type="hidden" name="csrf" value="f00d">/g,
      ),
    ).toHaveLength(2);
    expect(html).toMatch(
      /action="\/invitations\/inv_1\/accept"[\s\S]*?<button[^>]*type="submit">Accept invitation</,
    );
    expect(html).toMatch(/action="\/invitations\/inv_1\/decline"[\s\S]*?<button[^>]*type="submit">Decline</);
  });

  test("shows the inviter, organization, roles and expiry", () => {
    const html = renderSample("invitation");
    for (const fact of [
      "Ada Lovelace",
      "Analytical Engines",
      "Admin and Billing",
      "g•••@example.com",
      "18:40 UTC",
    ]) {
      expect(html).toContain(fact);
    }
  });

  test("speaks for the organization when there is no inviter", () => {
    expect(renderSample("invitation", { inviter: null })).toContain(
      "<bdi>Analytical Engines</bdi> invites you to join.",
    );
  });

  test("has no quotation when there is no message", () => {
    expect(renderSample("invitation", { message: null })).not.toContain("<blockquote");
  });

  test("can't be rendered without a variable every invitation shows", () => {
    const shown = Object.entries(samples.invitation).filter(
      ([name]) => !["product", "inviter", "message"].includes(name),
    );
    for (const [variable] of shown) {
      const { [variable]: _, ...rest } = { ...samples.invitation } as Record<string, unknown>;
      expect(() => renderPage("invitation", rest as never), variable).toThrow();
    }
  });
});

describe("the page after accepting", () => {
  test("links to the product if there is a URL", () => {
    const html = renderSample("accepted", { continue_url: "https://app.example/?a=1&b=2" });
    expect(html).toContain('href="https://app.example/?a&#x3D;1&amp;b&#x3D;2"');
  });

  test("never links to a script", () => {
    expect(renderSample("accepted", { continue_url: "javascript:alert(1)" })).not.toContain("href");
  });
});

describe("a person's text", () => {
  const hostile = `</title></style><script>alert(1)</script>" onfocus="x" '\`{{csrf}}[[accept]]`;

  test.each(pages)("adds no element to the page %s", (name) => {
    const texts = Object.entries(samples[name]).filter(([, value]) => typeof value === "string");
    const changes = Object.fromEntries(texts.map(([key]) => [key, hostile]));
    const tags = (html: string) => (html.match(/<[a-z/!][^\s>]*/gi) ?? []).join(" ");
    expect(tags(renderSample(name, changes))).toBe(tags(renderSample(name, { message: "one line" })));
  });
});

describe("the headers of a page", () => {
  test("forbid everything but the page's own style and forms", () => {
    expect(pageHeaders["Content-Security-Policy"]).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
  });

  test("prevent caching, referrers and content sniffing", () => {
    expect(pageHeaders).toMatchObject({
      "Cache-Control": "no-store",
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
    });
  });
});
