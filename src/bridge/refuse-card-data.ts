import { invalid } from "../errors.ts";

/** The names forms use for the parts of a card or an account, without separators between words. */
const CARD_FIELDS =
  /^(card(number|pan|cid|no)|(card)?(cvc2?|cvv2?|cvn|securitycode|expmonth|expyear|accountnumber|iban))$/;

/** Fields whose long numbers are never card numbers, even if they look like one. */
const OTHER_NUMBERS = new Set(["tax_id", "phone", "business_phone", "reference_code"]);

/** Digits, perhaps in groups separated by spaces or dashes, that aren't part of a word, an id or a fraction. */
const DIGITS = /(?<!\w\p{Pd}?|\d\.)\d+(?:[\s\p{Pd}]{1,3}\d+)*(?!\p{Pd}?\w)/gu;

/** The first digits and the lengths of card numbers: Diners, Amex, and the others. */
const CARDS = /^(3(0[0-5]|[689]\d)\d{11}|3[47]\d{13}|([3-6]\d|2[2-7])\d{14,17})$/;

const SHORTEST = 14;

/**
 * Refuses anything in a body that looks like a card number, because data we never accept can't be lost. The number
 * itself, whether a value or a key, appears in neither the answer nor the log.
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
  const detail = `${name}card data is not accepted here. Send the token from your payment provider instead.`;
  return invalid("card_data_refused", detail, `/${path.join("/")}`);
}

/** Counts wide digits like others. Removes marks first, because normalizing many takes time that grows with their square. */
function holdsCardNumber(text: string): boolean {
  const plain = text.replaceAll(/\p{M}+/gu, "").normalize("NFKC");
  return (plain.match(DIGITS) ?? []).some((run) => {
    const groups = run.split(/\D+/);
    return groups.some((_, start) => beginsWithCardNumber(groups.slice(start, start + 19)));
  });
}

/** Other digits may follow, such as a month or a security code. */
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
