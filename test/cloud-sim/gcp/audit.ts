import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from './clock.ts';

export type AuditedKind =
  | 'network'
  | 'subnetwork'
  | 'firewall'
  | 'bucket'
  | 'topic'
  | 'subscription'
  | 'instance'
  | 'disk'
  | 'service-account'
  | 'role'
  /** A role that was given: `resource role member`. */
  | 'binding';

/** One thing that came to be or went, by the account and the clock of the cloud itself; of Pub/Sub, by the computer's. */
export interface AuditEntry {
  atMs: number;
  act: 'created' | 'deleted';
  kind: AuditedKind;
  name: string;
  who: string;
}

export function auditPathIn(folder: string): string {
  return join(folder, 'audit.jsonl');
}

/** Only ever appended to; the Pub/Sub program writes to the same file. */
export class Audit {
  readonly #path: string;
  readonly #clock: Clock;

  constructor(folder: string, clock: Clock) {
    this.#path = auditPathIn(folder);
    this.#clock = clock;
  }

  created(kind: AuditedKind, name: string, who: string): void {
    this.#append({ atMs: this.#clock.now(), act: 'created', kind, name, who });
  }

  deleted(kind: AuditedKind, name: string, who: string): void {
    this.#append({ atMs: this.#clock.now(), act: 'deleted', kind, name, who });
  }

  #append(entry: AuditEntry): void {
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
  }
}

export function readAudit(folder: string): AuditEntry[] {
  let text = '';
  try {
    text = readFileSync(auditPathIn(folder), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const entries: AuditEntry[] = [];
  // What stands after the last line end is being written now, or was cut off by a kill.
  for (const line of text.split('\n').slice(0, -1)) entries.push(JSON.parse(line));
  return entries;
}

/** What was created and never deleted, oldest first. */
export function leftOversOf(entries: readonly AuditEntry[]): AuditEntry[] {
  const left = new Map<string, AuditEntry>();
  for (const entry of entries) {
    const key = `${entry.kind} ${entry.name}`;
    if (entry.act === 'created') left.set(key, entry);
    else left.delete(key);
  }
  return [...left.values()];
}
