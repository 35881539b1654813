import { invalid } from "../errors.ts";

/** What forms call the parts of a card, or of an account, without what separates the words. */
const CARD_FIELDS =
  /^(card(number|pan|cid|no)|(card)?(cvc2?|cvv2?|cvn|securitycode|expmonth|expyear|accountnumber|iban))$/;

/** Fields whose long numbers are no card's, whatever they look like. */
const OTHER_NUMBERS = new Set(["tax_id", "phone", "business_phone", "reference_code"]);

/** Digits, perhaps in groups with spaces or dashes between, that are no part of a word, an id or a fraction. */
const DIGITS = /(?<!\w\p{Pd}?|\d\.)\d+(?:[\s\p{Pd}]{1,3}\d+)*(?!\p{Pd}?\w)/gu;

/** How cards' numbers begin, and how long they are then: Diners, Amex, and the others. */
const CARDS = /^(3(0[0-5]|[689]\d)\d{11}|3[47]\d{13}|([3-6]\d|2[2-7])\d{14,17})$/;

const SHORTEST = 14;

/**
 * Refuses whatever looks like a card's number, wherever it stands: what is never taken can't be lost. Neither the
 * value nor a key that is one gets into the answer or the log.
 * @throws 422.
 */
export function refuseCardData(value: unknown, path: string[] = []): void {
  if (typeof value === "string" || typeof value === "number") {
    if (!OTHER_NUMBERS.has(path.at(-1) ?? "") && holdsCardNumber(String(value))) throw refusal(path);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (holdsCardNumber(key)) throw refusal(path);
    if (!Array.isArray(value) && CARD_FIELDS.test(key.replaceAll(/[\s_-]/g, "").toLowerCase()))
      throw refusal([...path, key]);
    refuseCardData(item, [...path, key]);
  }
}

function refusal(path: string[]) {
  const name = path.length === 0 ? "" : `${path.join(".")}: `;
  const detail = `${name}card data is never taken here. Send the token your payment provider gave you for it.`;
  return invalid("card_data_refused", detail, `/${path.join("/")}`);
}

/** Wide digits count like others. Marks don't: to put many in order takes time that grows with their square. */
function holdsCardNumber(text: string): boolean {
  const plain = text.replaceAll(/\p{M}+/gu, "").normalize("NFKC");
  return (plain.match(DIGITS) ?? []).some((run) => {
    const groups = run.split(/\D+/);
    return groups.some((_, start) => beginsWithCardNumber(groups.slice(start, start + 19)));
  });
}

/** Other digits may follow: a month, a security code. */
function beginsWithCardNumber(groups: string[]): boolean {
  let digits = "";
  return groups.some((group) => {
    digits += group;
    return digits.length >= SHORTEST && CARDS.test(digits) && passesLuhn(digits);
  });
}

/** The check digit of ISO/IEC 7812. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const doubled = Number(digits.at(-1 - index)) * (index % 2 === 0 ? 1 : 2);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
