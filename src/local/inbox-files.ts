import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const ID = /^\d{8}T\d{9}Z-[0-9a-f]{8}$/;
const EXTENSION = ".eml";

/** A folder of mails, one file each, whose names sort by the moment of arrival. */
export type InboxFiles = {
  add(message: Uint8Array): Promise<string>;
  /** Ids, newest first. */
  list(): Promise<string[]>;
  /** Nothing for an unknown id, and for anything that is no id: no path ever comes from outside. */
  read(id: string): Promise<Buffer | null>;
  /** Removes all but the newest. */
  keepNewest(count: number): Promise<void>;
};

export function inboxFiles(directory: string): InboxFiles {
  const pathOf = (id: string) => join(directory, id + EXTENSION);

  async function list(): Promise<string[]> {
    const names = await readdir(directory).catch(() => []);
    const ids = names
      .filter((name) => name.endsWith(EXTENSION))
      .map((name) => name.slice(0, -EXTENSION.length));
    return ids
      .filter((id) => ID.test(id))
      .sort()
      .reverse();
  }

  return {
    list,
    async add(message) {
      const id = nextId();
      const unfinished = join(directory, `${id}.tmp`);
      // Its mails hold links that work: they are nobody else's to read.
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(unfinished, message);
      await rename(unfinished, pathOf(id));
      return id;
    },
    async read(id) {
      return ID.test(id) ? await readFile(pathOf(id)).catch(() => null) : null;
    },
    async keepNewest(count) {
      const old = (await list()).slice(count);
      await Promise.all(old.map((id) => rm(pathOf(id), { force: true })));
    },
  };
}

/** When the mail with this id arrived. */
export function arrivalOf(id: string): Date {
  const [, date, hours, minutes, seconds, rest] = /^(\d{8})T(\d\d)(\d\d)(\d\d)(\d{3})/.exec(id) ?? [];
  const day = `${date?.slice(0, 4)}-${date?.slice(4, 6)}-${date?.slice(6)}`;
  return new Date(`${day}T${hours}:${minutes}:${seconds}.${rest}Z`);
}

let lastTime = 0;

/** Never the same moment twice, so mails of one millisecond keep their order. */
function nextId(): string {
  lastTime = Math.max(Date.now(), lastTime + 1);
  const time = new Date(lastTime).toISOString().replace(/[-:.]/g, "");
  return `${time}-${randomBytes(4).toString("hex")}`;
}
