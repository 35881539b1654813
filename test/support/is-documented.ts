import { type DocumentedErrors, documentedErrors } from "../../src/reference/documented-errors.ts";

/** Whether the documents of an API list an error code with the status it came with. */
export function isDocumented(api: keyof typeof documentedErrors, status: number, code: unknown): boolean {
  const errors: DocumentedErrors = documentedErrors[api];
  return String(code) in (errors[status] ?? {});
}
