import { join } from 'node:path';
import { loadSettings } from '../../../settings/settings.ts';
import { findCloudSim } from '../../../tools/cloud-sim/find-cloud-sim.ts';
import type { SimulationPlan } from './simulation.ts';

const root = join(import.meta.dirname, '../../..');

/** Only what differs from an ordinary project must be said. */
export function planFor(given: Partial<SimulationPlan> & { folder: string }): SimulationPlan {
  const { cacheFolder } = loadSettings(process.env, root);
  return {
    project: 'trainyard-sim',
    programs: given.programs ?? findCloudSim(cacheFolder),
    python: 'python3',
    trainerFolder: join(root, 'trainer-image'),
    pythons: {},
    delays: { bootMs: 150, deleteMs: 100, changeMs: 50, answerMs: 0 },
    shortestRunSeconds: 30,
    ...given,
  };
}
