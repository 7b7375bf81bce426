import { join } from 'node:path';
import { loadSettings } from '../../../settings/settings.ts';
import { hasCloudSim } from '../../../tools/cloud-sim/find-cloud-sim.ts';

const { cacheFolder } = loadSettings(process.env, join(import.meta.dirname, '../../..'));

/** Tests that need the simulated Google Cloud; where it could not be built they are skipped, in the open. */
export function describeSimulated(name: string, tests: () => void): void {
  if (hasCloudSim(cacheFolder)) describe(name, tests);
  else
    describe(name, () => test.skip('everything (there is no Go to build what stands in for Google Cloud)', () => {}));
}
