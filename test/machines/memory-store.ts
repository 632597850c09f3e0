import { type LeaseRecord, parseRecord } from "../../src/machines/record.ts";
import type { Store } from "../../src/machines/store.ts";

/** A store that outlives its processes, without a disk. */
export interface MemoryStore {
  /** The store as a new process sees it. */
  open(): Store;
  records(): readonly LeaseRecord[];
  /** Every process that has used it is dead: its locks are free, and its leases without a holder. */
  killAll(): void;
  /** Writes what no version of ours would, or a newer one. */
  damage(id: string, text: string): void;
}

export function memoryStore(): MemoryStore {
  const texts = new Map<string, string>();
  const locked = new Set<string>();
  let generation = 0;
  const readable = (text: string): LeaseRecord | null => {
    try {
      return parseRecord(text);
    } catch {
      return null;
    }
  };
  const write = (record: LeaseRecord): void => {
    // As on a disk: what cannot be read back is not written.
    texts.set(record.id, JSON.stringify(parseRecord(JSON.stringify(record))));
  };
  const records = () => [...texts.values()].map(readable).filter((record) => record !== null);
  return {
    records,
    killAll: () => {
      generation++;
      locked.clear();
      for (const record of records()) {
        const { holder } = record;
        if (holder !== null) write({ ...record, holder: { ...holder, started: "0" } });
      }
    },
    damage: (id, text) => {
      texts.set(id, text);
    },
    open: () => {
      const own = generation;
      const live = () => {
        if (own !== generation) throw new Error("this process is dead");
      };
      return {
        folder: "/state",
        sshConfig: "/state/ssh_config",
        files: () => {
          throw new Error("no files in memory");
        },
        list: async () => {
          live();
          const damaged = [...texts].filter(([, text]) => readable(text) === null);
          return {
            records: records(),
            damaged: damaged.map(([id]) => ({ id, path: `/state/${id}`, problem: "damaged" })),
          };
        },
        read: async (id) => {
          live();
          const text = texts.get(id);
          return text === undefined ? null : parseRecord(text);
        },
        create: async (record) => {
          live();
          write(record);
        },
        write: async (record) => {
          live();
          if (!texts.has(record.id)) throw new Error(`lease ${record.id} is gone`);
          write(record);
        },
        remove: async (id) => {
          live();
          texts.delete(id);
        },
        lock: (id) => {
          live();
          if (locked.has(id) || !texts.has(id)) return null;
          locked.add(id);
          return {
            [Symbol.dispose]: () => {
              if (own === generation) locked.delete(id);
            },
          };
        },
      };
    },
  };
}
