/** White space, and what takes no room on a screen: it comes along with text that is copied from a page or an email. */
const UNSEEN = /[\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\u2800\ufeff]/;

/** Takes away what can't be seen at either end. For addresses and codes: a name may end with a joiner that it needs. */
export function trimUnseen(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && UNSEEN.test(text[start] ?? "")) start += 1;
  while (end > start && UNSEEN.test(text[end - 1] ?? "")) end -= 1;
  return text.slice(start, end);
}
