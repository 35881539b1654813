/** SQLSTATE or system code of an error, whether it comes from pg or wrapped by Objection; "" where there is none. */
export function sqlStateOf(error: Error): string {
  const native: unknown = "nativeError" in error ? error.nativeError : error;
  return typeof native === "object" && native !== null && "code" in native ? String(native.code) : "";
}
