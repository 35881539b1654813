import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { serve } from "../src/http/serve.ts";
import { type Api, createApi } from "./support/api.ts";
import {
  ADDRESSES,
  CUSTOMERS,
  create,
  KINDS,
  no,
  PAYMENT_METHODS,
  PAYMENTS,
  SUBSCRIPTIONS,
} from "./support/bridge-team.ts";
import { buildOrganization, buildPerson, type Person } from "./support/builders.ts";
import { checksum } from "./support/checksum.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
let jane: Api;
let origin: string;
let stopLogging: () => Promise<void>;
/** Every logged line, at the most detailed level. */
const lines: string[] = [];

beforeAll(async () => {
  const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  const server = await serve(createApp({ ...guildhall.context, log }), { port: 0, host: "127.0.0.1" });
  origin = `http://127.0.0.1:${server.port}`;
  stopLogging = () => server.stop(0);
});
beforeEach(async () => {
  jane = speakAs(await buildPerson(guildhall));
});
afterAll(async () => {
  await stopLogging();
});

/** Talks to the service that logs. */
function speakAs({ token }: Person): Api {
  return createApi(origin, { "X-Environment": "acme-test", "X-Session-ID": token });
}

/** Test numbers of card networks: they are valid and belong to nobody. */
const CARDS = {
  visa: "4242424242424242",
  "visa of 19 digits": "4000000000000000006",
  mastercard: "5555555555554444",
  "mastercard of the 2 series": "2223003122003222",
  amex: "378282246310005",
  "diners club": "30569309025904",
  discover: "6011111111111117",
  jcb: "3530111333300000",
  unionpay: "6200000000000005",
};

/** Sends a request and looks for the secret in its answer, the log and the rows. */
async function expectRefused(
  send: () => ReturnType<Api["post"]>,
  secret: string,
  field?: string,
): Promise<void> {
  const before = await checksum(guildhall.db);
  lines.length = 0;
  const answer = await send();
  expect(answer, secret).toMatchObject(no(422, "card_data_refused", field));
  const digits = secret.normalize("NFKC").replaceAll(/\D/g, "");
  const visible = JSON.stringify(answer.body) + JSON.stringify([...answer.headers]) + lines.join("");
  expect(lines.join("")).toContain("/bridge-payment");
  for (const text of [secret, digits]) expect(visible).not.toContain(text);
  expect(await checksum(guildhall.db)).toBe(before);
}

describe("a card number is refused and not repeated", () => {
  const number = CARDS.visa;

  test.each(Object.entries(CARDS))("in the format of %s", async (_, digits) => {
    const spaced = digits.replaceAll(/(.{4})(?=.)/g, "$1 ");
    for (const text of [
      digits,
      spaced,
      spaced.replaceAll(" ", "-"),
      ` ${digits}`,
      `card ${spaced}, exp 12/31`,
    ])
      await expectRefused(
        () => jane.post(CUSTOMERS.path, { ...CUSTOMERS.least(), name: text }),
        text,
        "name",
      );
  });

  test.each([
    ["with its expiry and security code behind it", "4242 4242 4242 4242 12/31 123"],
    ["with other digits before and after it", "2 4242 4242 4242 4242 12"],
    ["after digits of its own", "1 4242424242424242"],
    ["before its security code", "4242424242424242 123"],
    ["after a hyphen", "-4242424242424242"],
    ["between quotes", '"4242424242424242"'],
    ["with two spaces between", "4242  4242  4242  4242"],
    ["with lines between", "4242\n4242\n4242\n4242"],
    ["with spaces that don't break", "4242\u00a04242\u00a04242\u00a04242"],
    ["with dashes of every length", "4242–4242—4242‐4242"],
    ["in wide digits", "４２４２４２４２４２４２４２４２"],
  ])("%s", async (_, text) => {
    const body = { ...CUSTOMERS.least(), metadata: { note: text } };
    await expectRefused(() => jane.post(CUSTOMERS.path, body), text, "metadata.note");
  });

  const TEXTS = ["alias", "name", "description", "concept", "line1", "card_token", "organization_id", "x"];

  test.each(KINDS)("in every field of $name", async (kind) => {
    const { id } = await create(jane, kind);
    for (const field of TEXTS) {
      const body = { [field]: number };
      await expectRefused(() => jane.post(kind.intents, { ...kind.least(), ...body }), number, field);
      await expectRefused(() => jane.put(`${kind.intents}/${id}`, body), number, field);
    }
  });

  test("in actions, organizations and members", async () => {
    const owner = await buildPerson(guildhall);
    jane = speakAs(owner);
    const organization = `/bridge-payment/organizations/${(await buildOrganization(guildhall, owner)).id}`;
    const { id: subscription } = await create(jane, SUBSCRIPTIONS);
    const { id: payment } = await create(jane, PAYMENTS);
    const { id: method } = await create(jane, PAYMENT_METHODS);
    for (const [send, path, field] of [
      [jane.post, `${SUBSCRIPTIONS.path}/${subscription}/cancel`, "reason"],
      [jane.post, `${PAYMENTS.intents}/${payment}/confirm`, "payment_method_id"],
      [jane.post, `${PAYMENT_METHODS.path}/${method}/set-default`, "x"],
      [jane.patch, `${PAYMENT_METHODS.path}/${method}/billing-address`, "billing_address_id"],
      [jane.post, `${organization}/members`, "email"],
      [jane.post, "/bridge-payment/organizations", "name"],
      [jane.put, organization, "address"],
    ] as const)
      await expectRefused(() => send(path, { [field]: number }), number, field);
  });

  test("anywhere in metadata: nested, in a list, as a number, as a key", async () => {
    for (const [metadata, field] of [
      [{ a: { b: [{ c: number }] } }, "metadata.a.b.0.c"],
      [{ list: ["x", number] }, "metadata.list.1"],
      [{ n: Number(number) }, "metadata.n"],
      [{ [number]: true }, "metadata"],
      [{ a: { [`paid by ${number}`]: 1 } }, "metadata.a"],
      [{ a: JSON.stringify({ number }) }, "metadata.a"],
    ] as const)
      await expectRefused(() => jane.post(CUSTOMERS.path, { ...CUSTOMERS.least(), metadata }), number, field);
    await expectRefused(() => jane.post(CUSTOMERS.path, { ...CUSTOMERS.least(), [number]: 1 }), number);
    await expectRefused(() => jane.post(CUSTOMERS.path, `{"email":4.242424242424242e15}`), number, "email");
  });

  test("in a program's report", async () => {
    const { id } = await create(jane, PAYMENTS);
    const answer = await guildhall.api.post(`${PAYMENTS.intents}/${id}/sync`, {
      status: "failed",
      failure_reason: `declined ${CARDS.amex}`,
    });
    expect(answer).toMatchObject(no(422, "card_data_refused", "failure_reason"));
    expect(JSON.stringify(answer.body)).not.toContain(CARDS.amex);
  });
});

describe("a field named after a part of a card is refused, whatever it holds", () => {
  const names = [
    ...[
      "card_number",
      "cardNumber",
      "card-number",
      "CARD_NUMBER",
      "card_exp_month",
      "card_exp_year",
      "card_cvc",
    ],
    ...["cvc", "cvv", "cvv2", "security_code", "securityCode", "account_number", "iban"],
  ];
  test.each(names)("%s", async (name) => {
    for (const value of ["", "123", 123, null, { a: 1 }]) {
      const body = { type: "card", card_token: "tok_1", [name]: value };
      expect(await jane.post(PAYMENT_METHODS.path, body)).toMatchObject(no(422, "card_data_refused", name));
    }
    const metadata = { card: [{ [name]: "x" }] };
    expect(await jane.post(CUSTOMERS.path, { ...CUSTOMERS.least(), metadata })).toMatchObject(
      no(422, "card_data_refused", `metadata.card.0.${name}`),
    );
  });

  test("the refusal of card data says what to send instead", async () => {
    const { body } = await jane.post(PAYMENT_METHODS.path, { type: "card", card_number: "4242" });
    expect(body.error).toBe(
      "card_number: card data is not accepted here. Send the token from your payment provider instead.",
    );
  });
});

describe("a value that only resembles a card number is accepted", () => {
  test.each([
    ["a tax id", ADDRESSES, { tax_id: "44306184100039", tax_id_type: "fr_siret" }],
    ["a phone number", ADDRESSES, { phone: "+49 30 1234 5678 90123" }],
    ["a phone number of sixteen digits", CUSTOMERS, { phone: CARDS.visa }],
    ["a reference number", PAYMENTS, { reference_code: CARDS.visa }],
    ["a token", PAYMENT_METHODS, { card_token: "tok_4242424242424242" }],
    ["a token of a provider", PAYMENT_METHODS, { card_token: "pm_1MqLiJLkdIwHu7ixUEgbFdYF" }],
    ["an id with digits and letters", PAYMENTS, { metadata: { id: "4242424242424242a" } }],
    ["a uuid", PAYMENTS, { metadata: { id: "42424242-4242-4242-8242-42424242424a" } }],
    ["an order's number", PAYMENTS, { description: "Order 2026-000123-4567-8901" }],
    ["an order's number after its letters", PAYMENTS, { description: "ORD-4242-4242-4242-4242" }],
    ["a number without the right check digit", PAYMENTS, { description: "4242424242424241" }],
    ["a number of too many digits", PAYMENTS, { description: "42424242424242424242" }],
    ["a number of too few digits", PAYMENTS, { description: "424242424242" }],
    ["a number no card begins with", PAYMENTS, { metadata: { n: 1234567812345670 } }],
    ["a product's barcode", PAYMENTS, { metadata: { ean: "4006381330060" } }],
    ["the serial number of a phone", PAYMENTS, { metadata: { imei: "356938035643809" } }],
    ["milliseconds since 1970", PAYMENTS, { metadata: { at: 1_767_225_600_000 } }],
    ["a time", PAYMENTS, { metadata: { at: "2026-01-31T00:00:00.000Z", compact: "20260131235959" } }],
    ["a fraction", PAYMENTS, { metadata: { share: 0.4242424242424242, text: "0.4242424242424242" } }],
    ["a field called number", PAYMENTS, { metadata: { number: 7, order: { number: "A-7" } } }],
    ["an analytics id, and an Indian tax id", PAYMENTS, { metadata: { cid: "GA1.2.3", pan: "ABCDE1234F" } }],
    ["the last four digits", PAYMENT_METHODS, { last4: "4242" }],
    ["an amount", PAYMENTS, { total_cents: 424_242_424_242 }],
  ])("%s", async (_, kind, values) => {
    const { status, body } = await jane.post(kind.intents, { ...kind.least(), ...values });
    expect({ status, body }).toMatchObject({ status: 201 });
  });

  test("our own ids", async () => {
    for (let n = 0; n < 20; n += 1) {
      const { id } = await create(jane, CUSTOMERS);
      expect(await create(jane, PAYMENTS, { customer_id: id, metadata: { id } })).toMatchObject({
        customer_id: id,
      });
    }
  });
});
