const MAX_LENGTH = 2_000;

/** An organization's logo as a mail may show it: over TLS or not at all, and with nobody's password in it. */
export function presentPicture(picture: string | null): string | null {
  if (picture === null || picture.length > MAX_LENGTH || !URL.canParse(picture)) return null;
  const url = new URL(picture);
  return url.protocol === "https:" && url.username === "" && url.password === "" ? url.href : null;
}
