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
  const day = clock.day(confirmed) === clock.day(clock.nowMs) ? '' : ` on ${clock.day(confirmed)}`;
  const machines = resources.filter((row) => row.kind === 'machine').length;
  const kinds = (['signals', 'bucket'] as const).filter((kind) => resources.some((row) => row.kind === kind));
  const what = [...(machines > 0 ? [formatMany(machines, 'machine')] : []), ...kinds.map((kind) => words[kind])];
  return {
    title: 'Really gone',
    tone: 'good',
    text: `Asked at ${clock.second(confirmed)}${day}, the cloud confirmed that nothing is left: ${listing(what)}.`,
  };
}
