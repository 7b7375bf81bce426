import type { AttemptRef } from '../domain/ids.ts';
import { bootGraceSeconds, teardownMarginSeconds } from '../domain/machine-times.ts';
import { nextSizeUp } from '../domain/machine-sizes.ts';
import { formatMoney, secondsFor } from '../domain/money.ts';
import { costSoFar } from './costs.ts';
import type { Dependencies } from './dependencies.ts';
import { cloudOf } from './holders.ts';

/** What became of the thought of a larger machine; empty where there is nothing to say of it. */
export interface SizeUp {
  type: string | null;
  sentence: string;
}

/** What the budget pays for beyond setting up and taking down; with less, the larger machine would only cost. */
const worthALargerMachineSeconds = 60;

const none: SizeUp = { type: null, sentence: '' };

export function sizeUpActivities(dependencies: Dependencies) {
  const { stores } = dependencies;
  return {
    /**
     * Where to try once more what ran out of memory: the next size of the same cloud, if the budget pays for it. A
     * prediction stays where it is: nobody was shown what a larger machine would cost.
     *
     * Safe to retry: reads only.
     */
    async largerMachine(request: AttemptRef): Promise<SizeUp> {
      const ref = { kind: request.kind, id: request.id, attempt: request.attempt };
      const { cloud, work } = await cloudOf(dependencies, ref);
      if (work.kind !== 'job') return none;
      const types = await cloud.machineTypes();
      const used = (await stores.attempts.get(ref))?.machine_type ?? work.spec.machine.type;
      const current = types.find(({ name }) => name === used);
      const larger = current && nextSizeUp(types, current);
      if (!larger) return none;
      const { title, memoryGib, pricePerHourMicros, name } = larger;
      const size = `“${title}” (${memoryGib} GiB, ${formatMoney(pricePerHourMicros)} an hour)`;
      const budget = work.spec.limits.budgetMicros;
      if (budget !== null) {
        const pays = secondsFor(Math.max(0, budget - (await costSoFar(dependencies, ref))), pricePerHourMicros);
        if (pays < bootGraceSeconds + worthALargerMachineSeconds + teardownMarginSeconds)
          return { type: null, sentence: `What is left of the budget does not pay for the next size, ${size}.` };
      }
      return { type: name, sentence: `Trying once more a size up, on ${size}` };
    },
  };
}
