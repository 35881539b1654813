/** Returns whether Guildhall runs on a version of Node such as "20.19.0". Keep it in step with `engines` in package.json. */
export function runsOn(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}
