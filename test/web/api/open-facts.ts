import type { Holder } from '../../../domain/ids.ts';
import type { WorkFacts } from '../../../web/live/work-facts.ts';
import { workFacts } from '../../../web/services/job-details.ts';
import type { Ground } from './open-ground.ts';

export function openServicesFacts({ stores }: Ground): (holder: Holder) => Promise<WorkFacts | undefined> {
  return (holder) => workFacts({ stores }, holder);
}
