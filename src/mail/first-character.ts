/** The letter that stands for an organization where others have a logo. */
export function firstCharacter(name: string): string {
  return ([...name][0] ?? "").toUpperCase();
}
