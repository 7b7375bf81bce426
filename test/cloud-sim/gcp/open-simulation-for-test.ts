import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ask, signIn } from './sign-in.ts';
import { type GcpSimulation, type GcpSimulationOptions, startGcpSimulation } from './start-gcp-simulation.ts';

export interface SimulationForTest {
  sim: GcpSimulation;
  /** As the owner of the project. */
  ask: Ask;
  close(): Promise<void>;
}

/** A simulation in a folder of its own, whose instances run `script` (of sh) for an entry script. */
export async function openSimulationForTest(
  script = 'exec sleep 600',
  options: Partial<GcpSimulationOptions> = {},
): Promise<SimulationForTest> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-gcp-'));
  await writeFile(join(folder, 'entry.sh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const sim = await startGcpSimulation({ folder: join(folder, 'cloud'), trainerFolder: folder, ...options });
  return {
    sim,
    ask: await signIn(sim.endpoint, sim.keyFile),
    close: async () => {
      await sim.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
