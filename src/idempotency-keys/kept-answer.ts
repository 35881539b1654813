/** An answer as it is kept for whoever asks again by the same key. */
export interface KeptAnswer {
  /** SHA-256 of the request that was answered. */
  request_hash: Buffer;
  status: number;
  location: string | null;
  /** Null where nothing was said. */
  document: object | null;
}
