import type { ResourceRow } from '../../db/tables.ts';
import type { Clock } from './clock.ts';
import { formatMany, listing } from './plain-words.ts';

/** Whether everything is really gone, checked with the cloud, and when. */
export interface ReleaseCard {
  title: string;
  tone: '' | 'good' | 'wait';
  text: string;
}

const words: Record<ResourceRow['kind'], string> = { machine: 'machine', signals: 'signal channel', bucket: 'bucket' };

export function releaseCard(isDone: boolean, resources: readonly ResourceRow[], clock: Clock): ReleaseCard {
  const standing = resources.filter((row) => row.state !== 'gone');
  if (!isDone) {
    return {
      title: 'When it ends',
      tone: 'good',
      text: 'Trainyard asks the cloud whether machine, signal channel and bucket are really gone, and writes the answer here.',
    };
  }
  if (resources.length === 0) {
    return { title: 'Nothing was left', tone: 'good', text: 'It ended before anything was made.' };
  }
  if (standing.length > 0) {
    const what = listing(standing.map((row) => `its ${words[row.kind]} ${row.name}`));
    return {
      title: 'Not all is gone yet',
      tone: 'wait',
      text: `Still there by our ledger: ${what}. Trainyard keeps trying until the cloud confirms that it is gone.`,
    };
  }
  const confirmed = Math.max(...resources.map((row) => row.gone_confirmed_at_ms ?? 0));
  const machines = resources.filter((row) => row.kind === 'machine').length;
  return {
    title: 'Really gone',
    tone: 'good',
    text: `The cloud was asked at ${clock.second(confirmed)}${
      clock.day(confirmed) === clock.day(clock.nowMs) ? '' : ` on ${clock.day(confirmed)}`
    } and has ${machines === 0 ? 'nothing' : `none of ${formatMany(machines, 'machine')}, signal channel and bucket`} left of it.`,
  };
}
