import Sqlite from 'better-sqlite3';

/** Everything that the simulation knows, by kind and name: in memory to be read, on disk at once to outlive a kill. */
export class Records {
  readonly #file: Sqlite.Database;
  readonly #kinds = new Map<string, Map<string, unknown>>();

  constructor(path: string) {
    this.#file = new Sqlite(path);
    this.#file.pragma('journal_mode = WAL');
    // A killed process loses nothing that it has handed to the system; a power cut is not simulated.
    this.#file.pragma('synchronous = OFF');
    this.#file.exec('CREATE TABLE IF NOT EXISTS records (kind TEXT, name TEXT, json TEXT, PRIMARY KEY (kind, name))');
    for (const row of this.#file.prepare('SELECT kind, name, json FROM records ORDER BY rowid').all()) {
      const { kind, name, json } = row as { kind: string; name: string; json: string };
      this.#of(kind).set(name, JSON.parse(json));
    }
  }

  kind<T>(kind: string): RecordsOfKind<T> {
    const held = this.#of(kind) as Map<string, T>;
    const write = this.#file.prepare('INSERT OR REPLACE INTO records VALUES (?, ?, ?)');
    const remove = this.#file.prepare('DELETE FROM records WHERE kind = ? AND name = ?');
    return {
      get: (name) => held.get(name),
      put: (name, record) => {
        held.set(name, record);
        write.run(kind, name, JSON.stringify(record));
        return record;
      },
      remove: (name) => {
        remove.run(kind, name);
        return held.delete(name);
      },
      all: () => [...held.values()],
      names: () => [...held.keys()],
    };
  }

  close(): void {
    this.#file.close();
  }

  #of(kind: string): Map<string, unknown> {
    const held = this.#kinds.get(kind) ?? new Map<string, unknown>();
    this.#kinds.set(kind, held);
    return held;
  }
}

export interface RecordsOfKind<T> {
  get(name: string): T | undefined;
  /** Also after it was changed in place. */
  put(name: string, record: T): T;
  remove(name: string): boolean;
  all(): T[];
  names(): string[];
}
