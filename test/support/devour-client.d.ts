/** The part of devour-client that the tests use. It has no types of its own. */
declare module "devour-client" {
  // biome-ignore lint/suspicious/noExplicitAny: what is read has whatever shape it has.
  type Read = any;

  interface DevourAnswer {
    data: Read;
    links: Record<string, string | null>;
    meta: Read;
  }

  // biome-ignore lint/style/noDefaultExport: it is theirs.
  export default class JsonApi {
    constructor(options: { apiUrl: string; bearer?: string; logger?: boolean });
    headers: Record<string, string>;
    axios: { create(options: object): JsonApi["axios"] };
    define(model: string, attributes: object, options?: { type?: string; collectionPath?: string }): void;
    find(model: string, id: string, params?: object): Promise<DevourAnswer>;
    findAll(model: string, params?: object): Promise<DevourAnswer>;
    create(model: string, resource: object): Promise<DevourAnswer>;
    update(model: string, resource: { id: string }): Promise<DevourAnswer>;
    destroy(model: string, id: string): Promise<unknown>;
    request(url: string, method?: string): Promise<DevourAnswer>;
  }
}
