import type { IncomingMessage } from "node:http";
import type { Context as KoaContext } from "koa";
import { expect, test } from "vitest";
import { z } from "zod";
import { bearerToken, readCredentials } from "../src/access/credentials.ts";
import { address, personName, picture, readValidation, subject } from "../src/access/identities/claims.ts";
import { readClientCredentials } from "../src/access/oauth/authenticate-client.ts";
import { environmentCandidates } from "../src/access/requested-environments.ts";
import { fields } from "../src/bridge/fields.ts";
import { bySearch } from "../src/bridge/list-query.ts";
import { refuseCardData } from "../src/bridge/refuse-card-data.ts";
import type { Context } from "../src/context.ts";
import { emailAddress, expiry, lines, locale, text, webAddress } from "../src/http/attributes.ts";
import { decodeText } from "../src/http/decode-text.ts";
import { parseMediaType, requireAcceptable, requireJsonApiBody } from "../src/http/negotiate.ts";
import { parseJson, refuseUnstorable } from "../src/http/parse-json.ts";
import { readQuery } from "../src/http/read-input.ts";
import { idempotencyKeyOf, jsonDigest } from "../src/http/run-once.ts";
import { readRoleCell } from "../src/invitation-batches/read-role-cell.ts";
import { createLinkKeys } from "../src/invitations/invitation-link.ts";
import { readMeta } from "../src/json-api/read-meta.ts";
import { collectionParameters } from "../src/json-api/read-parameters.ts";
import { clip } from "../src/lib/clip.ts";
import { emailAddressProblem, parseEmailAddress } from "../src/lib/email-address.ts";
import { isId } from "../src/lib/id.ts";
import { parseCsv, trimUnseen } from "../src/lib/parse-csv.ts";
import { webhookKey, webhookProblem } from "../src/lib/webhook-signature.ts";
import { openLinksOutside } from "../src/local/inbox-router.ts";
import { linksIn } from "../src/local/inbox-store.ts";
import { cleanText, defuseLinks } from "../src/mail/clean-text.ts";
import { findLocale } from "../src/mail/locales.ts";
import { wrapText } from "../src/mail/mail-renderer.ts";
import { failed } from "../src/mail/outcome.ts";
import { cleanDisplayName, quoteMessage } from "../src/mail/present.ts";
import { storableReply } from "../src/mail/replies.ts";
import { readMailEvents } from "../src/mail-events/read-mail-events.ts";
import { invitationType } from "../src/management/invitations.ts";
import { readBatchCsv } from "../src/management/read-batch-csv.ts";
import { readBatchRow } from "../src/management/read-batch-row.ts";
import { readLinkCookie } from "../src/pages/link-cookie.ts";

const linkKeys = createLinkKeys(["the-secret-key-of-the-tests-has-32-bytes"]);
const webhook = { "webhook-id": "msg_1", "webhook-timestamp": String(Math.floor(Date.now() / 1_000)) };
const context = {
  settings: { ADMIN_TOKEN: "an-operator-token" },
  accessTokens: { verify: async () => undefined },
  identities: {},
} as unknown as Context;
const shape = z.strictObject({ name: text(100).optional() });
const query = z.strictObject(collectionParameters(invitationType));
const anyColumns = { other_columns: "ignore" } as const;
const read = (schema: z.ZodType) => (given: string) => schema.safeParse(given);

/** Every parser of text from an outsider, a provider, a mail server or another service. */
const READERS: Record<string, (given: string) => unknown> = {
  "an Accept": (given) => requireAcceptable({ accept: given }),
  "an Accept of ours": (given) => requireAcceptable({ accept: `application/vnd.api+json;${given}` }),
  "a Content-Type": (given) => requireJsonApiBody({ "content-type": given }),
  "a media type": parseMediaType,
  "a bearer token": (given) => bearerToken({ authorization: `Bearer ${given}` }),
  "credentials by bearer": (given) => readCredentials({ authorization: `Bearer ${given}` }, context),
  "credentials by session": (given) => readCredentials({ "x-session-id": given }, context),
  "a client's name and secret": (given) => readClientCredentials(`Basic ${given}`, new Map()),
  "a client's secret in base64": (given) =>
    readClientCredentials(`Basic ${btoa(unescape(encodeURIComponent(given))).slice(0, 1_024)}`, new Map()),
  "a host": (host) =>
    environmentCandidates({ host, header: host, ownHost: "guildhall.test", defaultHandle: undefined }),
  "an Idempotency-Key": (key) =>
    idempotencyKeyOf({
      headers: { "idempotency-key": key },
      headersDistinct: { "idempotency-key": [key] },
    } as unknown as IncomingMessage),
  "a cookie": (given) => readLinkCookie({ get: () => given } as unknown as KoaContext, "inv_1", true),
  "a webhook's id": (given) =>
    webhookProblem(Buffer.from("key"), { ...webhook, "webhook-id": given }, "", new Date()),
  "a webhook's signature": (given) =>
    webhookProblem(Buffer.from("key"), { ...webhook, "webhook-signature": given }, "", new Date()),
  "a webhook's key": webhookKey,
  "a query": (given) => readQuery(query, `/api/invitations?${given}`),
  "an include": (given) =>
    readQuery(query, `/api/invitations?include=${encodeURIComponent(given.slice(0, 500))}`),
  "a search": (given) => bySearch(["name"]).values.safeParse(given),
  "invalid JSON": parseJson,
  "JSON of a text": (given) => parseJson(JSON.stringify({ data: given })),
  "JSON of a key": (given) => parseJson(JSON.stringify({ [given]: 1 })),
  "JSON of a list": (given) => parseJson(JSON.stringify([...given].slice(0, 4_000))),
  "text to store": refuseUnstorable,
  "a digest": jsonDigest,
  "the members of meta": (given) => readMeta(shape, { meta: { [given]: 1, name: given } }),
  "the fields of a Bridge body": (given) => fields(shape).read({ [given]: 1, name: given }, {}),
  "card data in a value": (given) => refuseCardData({ note: given }),
  "card data in a key": (given) => refuseCardData({ [given]: 1 }),
  "an attribute of text": read(text(255)),
  "an attribute of lines": read(lines(500, 10)),
  "a locale": read(locale),
  "an attribute that is a web address": (given) => webAddress.safeParse(`https://${given}`),
  "an attribute that is an address": read(emailAddress),
  "a time": read(expiry),
  "an address": (given) => parseEmailAddress(given),
  "an address's domain": (given) => parseEmailAddress(`jane@${given}`),
  "an id": (given) => isId("inv", `inv_${given}`),
  "a link's token": (given) => linkKeys.verify(given),
  "an opt-out's token": (given) => linkKeys.verifyOptOut(given),
  "a clipped text": (given) => clip(given, 16_000),
  "a CSV file": (given) => parseCsv(given, 100),
  "a CSV file after its columns": (given) => parseCsv(`email,message\n${given}`, 100),
  "a batch as CSV": (given) => readBatchCsv(`email,roles\n"${given.replaceAll('"', '""')}",`, anyColumns),
  "the columns of a CSV file": (given) => readBatchCsv(`email,${given}\na@b.example,`, anyColumns),
  "the lines before a CSV file": (given) => parseCsv(`sep=;\n${given}\nemail\na@b.example`, 100),
  "a cell of roles": (given) => readRoleCell(given, { find: () => undefined, names: [] }),
  "what is wrong with an address": emailAddressProblem,
  "a text in windows-1252": (given) => decodeText(Buffer.from(given), "windows-1252"),
  "a text that is cut": (given) => decodeText(Buffer.from(`${given}\xff`, "latin1"), undefined),
  "the ends of a text": (given) => trimUnseen(`${given}a${given}`),
  "a row of a batch": (given) =>
    readBatchRow({ email: given, message: given, role_ids: [given], [given]: 1 }),
  "a report of mails": readMailEvents,
  "another service's word": (given) =>
    readValidation(
      { success: true, user: { id: "1", name: given, email: given, picture: `https://${given}` } },
      "issuer",
    ),
  "a subject": read(subject),
  "a person's name": read(personName),
  "a person's picture": (given) => picture.safeParse(`https://${given}`),
  "a person's address": read(address),
  "a clean text": cleanText,
  "a display name": (given) => cleanDisplayName(given, "Somebody"),
  "a text without links": defuseLinks,
  "a quoted message": quoteMessage,
  "a wrapped text": wrapText,
  "a language": (given) => findLocale(given),
  "a mail server's reply": (given) => storableReply(given),
  "a mail server's refusal": (reply) =>
    failed(
      {
        code: "EENVELOPE",
        command: "RCPT TO",
        responseCode: 550,
        reply,
        senderAccepted: true,
        dataAccepted: false,
      },
      1,
      0,
    ),
  "the links of a mail": (given) => linksIn(given, given),
  "a mail's page": openLinksOutside,
};

/** Inputs that make a parser go back over what it has read. */
const PIECES = [
  ...[
    '\\"',
    '"',
    "\\",
    ",",
    ";",
    " ",
    "\t",
    "\n",
    "\r\n",
    "[",
    "{",
    "(",
    "<",
    ".",
    "@",
    ":",
    "=",
    "&",
    "%",
    "-",
    "/",
    "+",
    "#",
    "|",
  ],
  ...[
    "1",
    "1 ",
    "1-",
    "a",
    "a.",
    "a ",
    ", ",
    "; ",
    '",',
    '";',
    "<a ",
    "=?a?",
    "&a=",
    "%41",
    "://",
    "a:",
    "<head ",
    ' href="',
    "[]",
    "{}",
    '{"":',
    "\\u0000",
  ],
  ...["\u0301", "\u0301\u0316", "a\u0316\u0301", "\u200b", "\ud800", "👨‍👩‍👧", "ﷺ", "。", "．", "１"],
];
/** Characters that are all different, and marks in the wrong order. */
const WHOLES: Record<string, (length: number) => string> = {
  "different signs": (length) =>
    Array.from({ length }, (_, n) => String.fromCharCode(0x4e00 + ((n * 7_919) % 20_000))).join(""),
  "marks above before marks below": (length) =>
    `a${"\u0301".repeat(length / 2)}${"\u0316".repeat(length / 2)}`,
  "many labels": (length) => "ü.".repeat(length / 2),
};
const SHAPES: Array<[string, (length: number) => string]> = [
  ...PIECES.map((piece): [string, (length: number) => string] => [
    JSON.stringify(piece),
    // The end tempts a greedy pattern to try again from the next character.
    (length) => `${piece.repeat(Math.floor(length / piece.length))}!`,
  ]),
  ...Object.entries(WHOLES),
];

/** In characters: the most that headers may have, and half of it. */
const [SHORT, LONG] = [8_192, 16_384];
/** Milliseconds below which growth doesn't matter, or can't be distinguished from noise. */
const FLOOR = 10;

/** The CPU milliseconds of this process. The minimum of some runs, because others only add to it. */
async function cost(reader: (given: string) => unknown, given: string, runs: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs && (run === 0 || least >= FLOOR); run += 1) {
    const before = process.cpuUsage();
    try {
      await reader(given);
    } catch {
      // A refusal is an answer, too.
    }
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

test.each(Object.keys(READERS))(
  "reading %s takes linear time",
  async (name) => {
    const reader = READERS[name] ?? (() => {});
    const grown: string[] = [];
    for (const [shape, make] of SHAPES) {
      const [short, long] = [make(SHORT), make(LONG)];
      for (let attempt = 1; ; attempt += 1) {
        const ofLong = await cost(reader, long, attempt + 1);
        if (ofLong < FLOOR) break;
        const ofShort = await cost(reader, short, attempt + 1);
        if (ofLong <= 3 * ofShort) break;
        if (attempt === 6) {
          grown.push(`${shape}: ${ofShort.toFixed(1)} ms, then ${ofLong.toFixed(1)} ms`);
          break;
        }
      }
    }
    expect(grown).toEqual([]);
  },
  120_000,
);
