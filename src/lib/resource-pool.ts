/** Lends out a fixed set of things, first come first served. */
export interface ResourcePool<Resource> {
  /**
   * Waits for a free one, lends it to `work`, and takes it back however that ends.
   * @param keep asked then: false for one that is worn out, in whose place another was added.
   */
  use<Result>(work: (resource: Resource) => Promise<Result>, keep?: () => boolean): Promise<Result>;
  /** Lends this one, too. */
  add(resource: Resource): void;
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
    add: giveBack,
    async use(work, keep = () => true) {
      const resource = await take();
      try {
        return await work(resource);
      } finally {
        if (keep()) giveBack(resource);
      }
    },
  };
}
