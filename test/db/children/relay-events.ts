import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../../db/open-database.ts';
import { openStores } from '../../../db/open-stores.ts';
import { TrainyardError } from '../../../domain/failures.ts';
import type { AttemptRef } from '../../../domain/ids.ts';

/** One of several relays that all think the attempt is theirs; each event's line is its `seq`. Prints how often it lost. */
const [url = '', id = '', last = ''] = process.argv.slice(2);
const ref: AttemptRef = { kind: 'job', id, attempt: 1 };
const database = await openDatabase(url);
const { relays } = openStores(database);
let lost = 0;

async function relayUntilSuperseded(epoch: string): Promise<boolean> {
  let { seq } = await relays.begin(ref, epoch);
  while (seq < Number(last)) {
    const newSeq = Math.min(seq + 1 + Math.floor(Math.random() * 3), Number(last));
    const seqs = Array.from({ length: newSeq - seq }, (_, index) => seq + index + 1);
    await relays.commit({
      ref,
      epoch,
      expectedSeq: seq,
      newSeq,
      heardAtMs: Date.now(),
      logLines: seqs.map((number) => [Date.now(), 'o', 1, String(number)]),
    });
    seq = newSeq;
    await sleep(Math.random() * 3);
  }
  return true;
}

for (let round = 0, done = false; !done; round += 1) {
  try {
    done = await relayUntilSuperseded(`${process.pid}-${round}`);
  } catch (error) {
    if (!(error instanceof TrainyardError) || error.type !== 'RelaySuperseded') throw error;
    lost += 1;
    await sleep(Math.random() * 30);
  }
}
console.log(lost);
await database.close();
