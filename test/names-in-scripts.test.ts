import { describe, expect, inject, test } from "vitest";
import { createMailRenderer } from "../src/mail/mail-renderer.ts";
import { mails } from "../src/mail/mails.ts";
import { cleanDisplayName, firstCharacter } from "../src/mail/present.ts";
import { pageSamples } from "../src/pages/pages.ts";
import { renderPage } from "../src/pages/render-page.ts";
import { buildOrganization, buildPerson, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { invited, openLink } from "./support/invitations.ts";

/** Names as people write them, in 40 scripts and in emoji, with all the marks and joiners they need. */
const NAMES = {
  Adlam: "𞤀𞤣𞤤𞤢𞤥 𞤆𞤵𞤤𞤢𞤪",
  Arabic: "شركة النُّور",
  Armenian: "Երևան Ընկերություն",
  Balinese: "ᬩᬮᬶᬓ᭄ᬱᬭ",
  Bengali: "রক্‌ষা প্রকল্প",
  Bopomofo: "ㄅㄆㄇㄈ",
  Burmese: "ရန်ကုန်မြို့တော်",
  "Canadian Aboriginal": "ᐃᓄᒃᑎᑐᑦ",
  Cherokee: "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ",
  Coptic: "ⲙⲉⲧⲣⲉⲙⲛ̀ⲭⲏⲙⲓ",
  Cyrillic: "Київ Їжак",
  Devanagari: "क्‍षत्रिय संस्था",
  Ethiopic: "አዲስ አበባ",
  Georgian: "თბილისი",
  Greek: "Ελληνικά Ἀθῆναι",
  Gujarati: "ગુજરાત સંસ્થા",
  Gurmukhi: "ਪੰਜਾਬੀ ਸਭਾ",
  Han: "葛󠄀城市 株式会社",
  Hangul: "한국어 주식회사",
  Hebrew: "שָׁלוֹם עֲלֵיכֶם",
  Hiragana: "ひらがな ゔ",
  Javanese: "ꦧꦱꦗꦮ",
  Kannada: "ಕನ್ನಡ ಸಂಘ",
  Katakana: "カタカナ・ヴ",
  Khmer: "ភាសាខ្មែរ ភ្នំពេញ",
  Lao: "ພາສາລາວ ວຽງຈັນ",
  Latin: "Trần Nguyễn Łódź Ærø ẅ",
  Malayalam: "മലയാളം അവന്‍",
  Mongolian: "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ᠋",
  "N’Ko": "ߒߞߏ ߊ߬ߟߎ߫",
  Odia: "ଓଡ଼ିଆ ସଂସ୍ଥା",
  Osmanya: "𐒋𐒘𐒈𐒑𐒛𐒒𐒕𐒀",
  Persian: "می‌خواهم کتاب‌ها",
  Sinhala: "ශ්‍රී ලංකා",
  Syriac: "ܠܫܢܐ ܣܘܪܝܝܐ",
  Tamil: "தமிழ் சங்கம்",
  Telugu: "తెలుగు సంఘం",
  Thaana: "ދިވެހި ރާއްޖެ",
  Thai: "กรุงเทพฯ น้ำใจ",
  Tibetan: "བསྒྲུབས་ བོད་སྐད",
  Tifinagh: "ⵜⴰⵎⴰⵣⵉⵖⵜ",
  Urdu: "اُردُو کا ادارہ",
  Yi: "ꆈꌠꁱꂷ",
  emoji: "Family 👨‍👩‍👧 👍🏽 ❤️ 🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇪🇺 👁‍🗨 #️⃣",
};
const names = Object.values(NAMES);

describe("names", () => {
  const renderer = createMailRenderer(inject("mailSources"));

  test.each(Object.entries(NAMES))(
    "in %s are shown as they are stored, in emails and on pages",
    (_, name) => {
      const typed = { product: name, organization: name, inviter: name };
      const mail = renderer.render("invitation", { ...mails.invitation.sample, ...typed }, "en");
      const page = renderPage("invitation", { ...pageSamples.invitation, ...typed }, "en");
      expect(cleanDisplayName(name, "-")).toBe(name.normalize("NFC"));
      for (const text of [mail.subject, mail.html, mail.text, page])
        expect(text).toContain(name.normalize("NFC"));
    },
  );

  test("are abbreviated to their first visible character", () => {
    expect(["👨‍👩‍👧 Acme", "မြို့", "ßig", "🇪🇺", ""].map(firstCharacter)).toEqual([
      "👨‍👩‍👧",
      "မြို့",
      "SS",
      "🇪🇺",
      "",
    ]);
  });

  test.each([
    ["a direction override", "\u202Ecod.exe\u202C", "cod·exe"],
    ["isolates and a byte order mark", "\u2066Acme\u2069\uFEFF", "Acme"],
    ["a zero-width joiner between Latin letters", "Ac\u200Dme", "Acme"],
    ["a joiner at the end of a word", "می\u200c", "می"],
    ["a soft hyphen and a word joiner", "Ac\u00ADm\u2060e", "Acme"],
    ["text written in tags", `Acme${"\u{e0068}\u{e0069}"}`, "Acme"],
    ["text written in variation selectors", "Acme\u{e0110}\u{e0111}\u{e0112}", "Acme\u{e0110}"],
    ["a Hangul filler", "Ac\u3164me", "Acme"],
    ["more than three accents on one letter", "Z\u0301\u0302\u0303\u0304\u0305\u0306", "Ź\u0302\u0303\u0304"],
  ])("lose %s", (_, name, shown) => {
    expect(cleanDisplayName(name, "-")).toBe(shown);
  });
});

describe("names sent by API and SMTP", () => {
  const guildhall = useGuildhall();

  test("names in every script arrive in subject, sender, text and page", {
    timeout: 60_000,
  }, async () => {
    const { api, jobContext, mailbox } = guildhall;
    const sent: Array<{ name: string; email: string; id: string }> = [];
    for (const name of names) {
      const owner = await buildPerson(guildhall, { first_name: name });
      const organization = await buildOrganization(guildhall, owner, { name });
      const email = uniqueEmail();
      const { id } = await invited(guildhall, organization, { by: api.as(owner.token), email });
      sent.push({ name, email, id });
    }
    await jobContext.deliveries.run();
    for (const { name, email, id } of sent) {
      const received = await mailbox.waitFor(email);
      const { page } = await openLink(guildhall, id);
      for (const text of [received.mail.subject, received.mail.text, received.mail.html, page])
        expect(text).toContain(name.normalize("NFC"));
    }
  });
});
