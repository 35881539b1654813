/**
 * An address for a page whose reader may be somebody else: `grace@example.com` as `g•••@example.com`. Always three
 * dots, so that not even the length is told; who owns the address knows it by its beginning and its domain.
 */
export function maskAddress(email: string): string {
  const at = email.lastIndexOf("@");
  const first = [...email.slice(0, at)][0] ?? "";
  return `${first}•••${email.slice(at)}`;
}
