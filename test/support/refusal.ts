/** The answer that says no: its status, and its one error's code and, where given, source. For `toMatchObject`. */
export function refusal(status: number, code: string, source?: object): object {
  return { status, body: { errors: [source === undefined ? { code } : { code, source }] } };
}
