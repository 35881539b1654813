/** Whether Guildhall runs on this version of Node, such as "20.19.0": what `engines` of package.json says. */
export function runsOn(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}
