/** Lends out a fixed set of things, first come first served. */
export interface ResourcePool<Resource> {
  /** Waits for a free one, lends it to `work`, and takes it back however that ends. */
  use<Result>(work: (resource: Resource) => Promise<Result>): Promise<Result>;
}

export function createResourcePool<Resource>(resources: Resource[]): ResourcePool<Resource> {
  const free = [...resources];
  const waiting: Array<(resource: Resource) => void> = [];

  function take(): Promise<Resource> {
    const resource = free.pop();
    return resource === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : Promise.resolve(resource);
  }

  function giveBack(resource: Resource): void {
    const next = waiting.shift();
    if (next === undefined) free.push(resource);
    else next(resource);
  }

  return {
    async use(work) {
      const resource = await take();
      try {
        return await work(resource);
      } finally {
        giveBack(resource);
      }
    },
  };
}
