/** Returns an error response for `toMatchObject`: its status, and the code and, if given, the source of its only error. */
export function refusal(status: number, code: string, source?: object): object {
  return { status, body: { errors: [source === undefined ? { code } : { code, source }] } };
}
