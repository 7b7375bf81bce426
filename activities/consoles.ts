import type { StoredLine } from '../db/stores/log-store.ts';
import type { EventOf } from '../domain/event.ts';
import { familyOf, isFailureType } from '../domain/failures.ts';
import type { AttemptRef } from '../domain/ids.ts';
import type { Cloud } from '../infra/cloud.ts';
import type { Dependencies } from './dependencies.ts';
import { cloudFreeing, type Freeing, worksOf } from './holders.ts';

const shownLines = 50;
const longestLine = 2000;
/** A machine costs while its console is read, and nobody may be there to see it. */
const readWithinMs = 4000;

export function consoleActivities(dependencies: Dependencies) {
  return {
    /**
     * Safe to retry: kept once, together with the note that says so. The last that a machine printed on its own console,
     * for whoever asks why nothing was heard of it; it goes with the machine.
     */
    async keepConsole(request: Freeing<AttemptRef>): Promise<void> {
      const { kind, id, attempt } = request;
      await keepConsoleOf(dependencies, await cloudFreeing(dependencies, request), { kind, id, attempt });
    },
  };
}

/**
 * Right before a machine is taken down: keeps its console where its end is not explained by what it said. Takes a few
 * seconds at most, and never keeps the machine from going.
 */
export async function keepLastWords(dependencies: Dependencies, cloud: Cloud, ref: AttemptRef): Promise<void> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), readWithinMs);
  const tooLate = new Promise<void>((resolve) => {
    late.signal.addEventListener('abort', () => resolve());
  });
  const kept = async () => {
    if (!(await isExplained(dependencies, ref))) await keepConsoleOf(dependencies, cloud, ref, late.signal);
  };
  try {
    await Promise.race([kept().catch(() => {}), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

async function keepConsoleOf(
  { stores, now }: Dependencies,
  cloud: Cloud,
  ref: AttemptRef,
  late?: AbortSignal,
): Promise<void> {
  const holder = { kind: ref.kind, id: ref.id };
  const { attempt } = ref;
  const dedupeKey = consoleKey(attempt);
  const text = (await cloud.readConsole(ref)).trimEnd();
  const lines = text === '' ? [] : text.split('\n').slice(-shownLines);
  const said =
    lines.length > 0 ? 'What the machine printed last on its own console is in the log.' : await whyNone(cloud, ref);
  if (late?.aborted) return;
  const atMs = now();
  const entry = { holder, kind: 'note' as const, attempt, text: said, dedupeKey, atMs };
  const stored = lines.map((line): StoredLine => [atMs, 'm', attempt, line.slice(0, longestLine)]);
  await stores.database.transaction(async (trx) => {
    const isNew = await stores.timeline.add(entry, trx);
    if (isNew && stored.length > 0) await stores.log.append(holder, stored, trx);
  });
}

function consoleKey(attempt: number): string {
  return `console-${attempt}`;
}

/** One that its cloud has deleted has no console any more: that says nothing of what it printed. */
async function whyNone(cloud: Cloud, ref: AttemptRef): Promise<string> {
  const { state } = await cloud.lookAtMachine(ref);
  return cloud.isRemote && (state === 'absent' || state === 'ended')
    ? 'Its cloud had deleted the machine already, and its console with it: what it printed last cannot be read any more.'
    : 'The machine printed nothing on its console.';
}

/** It told its end itself, or a person ended it while it worked; or it never stood; or all of this was done before. */
async function isExplained({ stores }: Dependencies, ref: AttemptRef): Promise<boolean> {
  const [attempt, relay, work, timeline] = await Promise.all([
    stores.attempts.get(ref),
    stores.relays.get(ref),
    worksOf(stores, ref.kind).find(ref.id),
    stores.timeline.list(ref),
  ]);
  if (!attempt?.started_at_ms || timeline.some(({ dedupe_key }) => dedupe_key === consoleKey(ref.attempt))) return true;
  if (relay?.terminal_json) return tellsItsEnd(JSON.parse(relay.terminal_json));
  const isHeard = (relay?.first_heard_at_ms ?? null) !== null;
  return isHeard && (work?.cancel_asked_at_ms ?? null) !== null;
}

/** Of what failed in the machine rather than in the data, the console may know more: memory, driver, disk. */
function tellsItsEnd(terminal: EventOf<'finished'> | EventOf<'failed'>): boolean {
  if (terminal.type === 'finished') return true;
  const { type } = terminal.failure;
  return type === 'MachinePreempted' || (isFailureType(type) && familyOf(type) === 'user');
}
