export interface ApiAnswer {
  status: number;
  headers: Headers;
  /** The parsed document. Undefined without a body. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read documents of every shape, and a wrong path fails the test.
  body: any;
}

export interface Api {
  origin: string;
  get(path: string, headers?: Record<string, string>): Promise<ApiAnswer>;
  post(path: string, document?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  put(path: string, document?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  patch(path: string, document?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  delete(path: string, headers?: Record<string, string>): Promise<ApiAnswer>;
  /** The same client with a session's token, or without any credential. */
  as(sessionToken: string | null): Api;
  /** The same client in another environment. */
  in(environment: string): Api;
}

/** The content type of an API's documents. */
function mediaTypeOf(path: string): string {
  return path.startsWith("/bridge-payment") ? "application/json" : "application/vnd.api+json";
}

/** Calls the API as a program would, over real HTTP. Responses are checked by `check-every-answer.ts`. */
export function createApi(origin: string, defaults: Record<string, string>): Api {
  async function send(
    method: string,
    path: string,
    document: unknown,
    headers: Record<string, string>,
  ): Promise<ApiAnswer> {
    const body = typeof document === "string" || document === undefined ? document : JSON.stringify(document);
    const type: Record<string, string> = body === undefined ? {} : { "Content-Type": mediaTypeOf(path) };
    const answer = await fetch(origin + path, {
      method,
      redirect: "manual",
      headers: { ...defaults, ...type, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("Content-Type")?.includes("json");
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === "" ? undefined : isJson ? JSON.parse(text) : text,
    };
  }
  return {
    origin,
    get: (path, headers = {}) => send("GET", path, undefined, headers),
    post: (path, document, headers = {}) => send("POST", path, document, headers),
    put: (path, document, headers = {}) => send("PUT", path, document, headers),
    patch: (path, document, headers = {}) => send("PATCH", path, document, headers),
    delete: (path, headers = {}) => send("DELETE", path, undefined, headers),
    as(token) {
      const { Authorization: _, ...rest } = defaults;
      return createApi(origin, token === null ? rest : { ...rest, "X-Session-ID": token });
    },
    in: (environment) => createApi(origin, { ...defaults, "X-Environment": environment }),
  };
}
