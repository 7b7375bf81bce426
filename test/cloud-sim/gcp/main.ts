// The simulated Google Cloud by hand, or as the process that tests start and kill:
//   node test/cloud-sim/gcp/main.ts --folder FOLDER [--plan FILE]
// It ends with SIGTERM or SIGINT, and when its standard input does, if it was told to (--with-stdin); its instances with
// it. Only `kill -9` leaves them running, as they do when Google's own control plane is away; the next start finds them.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { planFor } from './plan.ts';
import { openSimulation, type SimulationPlan } from './simulation.ts';

const { values } = parseArgs({
  options: { folder: { type: 'string' }, plan: { type: 'string' }, 'with-stdin': { type: 'boolean' } },
});
if (!values.folder) throw new Error('Say where it keeps everything: --folder FOLDER');
const plan: SimulationPlan = values.plan
  ? JSON.parse(readFileSync(values.plan, 'utf8'))
  : planFor({ folder: resolve(values.folder) });

const simulation = await openSimulation(plan);
const { endpoint, pubsubEndpoint, keyFile } = simulation;

let closing: Promise<void> | undefined;
const close = (endInstances: boolean): void => {
  closing ??= simulation.close({ endInstances }).then(() => process.exit(0));
};
process.on('SIGTERM', () => close(true)).on('SIGINT', () => close(true));
// Whoever started it is dead, and nobody will go on with what it left.
if (values['with-stdin']) process.stdin.on('end', () => close(true)).resume();
// Last of all: whoever hears it may end this at once.
console.log(`ready ${JSON.stringify({ endpoint, pubsubEndpoint, keyFile })}`);
