import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { statePrefix } from '../../../../infra/gcp/terraform/synth.ts';
import type { GoogleProvider } from '../../../cloud-sim/gcp/google-provider.ts';
import { openSimulationForTest } from '../../../cloud-sim/gcp/open-simulation-for-test.ts';
import { type Ended, openTerraform, type Run } from './open-terraform.ts';
import { setAttributes } from './set-attributes.ts';
import { bucketName, type Json, machine, machineName, projectOnce, signals, zone } from './stacks.ts';

/** What came of each step, in the order in which it came: two providers are to tell the same. */
export type Told = Record<string, unknown>;

const fault = { method: 'POST', path: String.raw`/zones/[^/]+/instances$`, times: 1 };

/** The whole life of our stacks with one provider, with all that goes wrong in between. */
export async function tellStory(provider: GoogleProvider): Promise<Told> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-story-'));
  const { sim, ask, close } = await openSimulationForTest('exec sleep 600', { delays: { bootMs: 1500 } });
  const running: Run[] = [];
  try {
    const place = { project: sim.project, endpoint: sim.endpoint };
    const told: Told = {};
    const tell = async (step: string, stack: Json, { code, errors, changed }: Ended, state: Record<string, Json>) => {
      told[step] = { code, errors: errors.map(plainError), changed, set: setAttributes(stack, state) };
    };
    await ask('POST', '/storage/v1/b', { name: bucketName });

    const once = await openTerraform(join(folder, 'once'), provider, sim);
    await once.write(projectOnce(place));
    await once.run('init', '-input=false');
    await tell('project', projectOnce(place), await once.apply(), await once.state());
    const more = projectOnce(place, ['compute.instances.delete', 'compute.instances.get']);
    await once.write(more);
    await tell('project, changed', more, await once.apply(), await once.state());
    told['project, planned at last'] = await once.plan();

    const spoken = await openTerraform(join(folder, 'signals'), provider, sim);
    await spoken.write(signals(place));
    await spoken.run('init', '-input=false');
    await tell('signals', signals(place), await spoken.apply(), await spoken.state());
    told['signals, planned again'] = await spoken.plan();
    await spoken.write(signals(place, 'bob'));
    await tell('signals, changed', signals(place, 'bob'), await spoken.apply(), await spoken.state());
    told['signals, planned at last'] = await spoken.plan();

    const own = await openTerraform(join(folder, 'machine'), provider, sim);
    const stack = machine(place);
    await own.write(stack);
    await own.run('init', '-input=false');
    const path = `/compute/v1/projects/${sim.project}/zones/${zone}/instances/${machineName}`;
    const isThere = async () => (await ask('GET', path)).status === 200;
    const until = async (what: () => Promise<boolean>) => {
      for (const giveUpAt = Date.now() + 20_000; !(await what()); await wait(50)) {
        if (Date.now() > giveUpAt) throw new Error('It did not come to that in time.');
      }
    };
    const removeByHand = async () => {
      await until(isThere);
      await ask('DELETE', path);
      await until(async () => !(await isThere()));
    };
    const startedInstance = async () => {
      const run = own.startApply();
      running.push(run);
      await run.says(
        ({ type, hook }) => type === 'apply_start' && hook?.resource?.resource_type === 'google_compute_instance',
      );
      await until(async () =>
        (await sim.audit()).some(
          ({ kind, act, name }) => kind === 'instance' && act === 'created' && name.endsWith(machineName),
        ),
      );
      return run;
    };

    await sim.admin.error({
      ...fault,
      status: 403,
      reason: 'forbidden',
      message: "Required 'compute.instances.create' permission for 'it'",
    });
    await tell('machine, forbidden', stack, await own.apply(), await own.state());
    await sim.admin.error({ ...fault, status: 503, reason: 'backendError', message: 'Try again.' });
    await sim.admin.noCapacity({});
    await tell('machine, no capacity', stack, await own.apply(), await own.state());

    const killed = await startedInstance();
    killed.process.kill('SIGKILL');
    told['machine, killed'] = { signal: (await killed.ended).signal, state: Object.keys(await own.state()) };
    const lock = encodeURIComponent(`${statePrefix('machine-1')}/default.tflock`);
    const left = await ask('GET', `/storage/v1/b/${bucketName}/o/${lock}`);
    told['lock left behind'] = left.status;
    // In a bucket, a lock is known by the generation of its object.
    told['unlocked'] = (await own.run('force-unlock', '-force', String(left.body['generation']))).code;
    await until(isThere);
    await tell('machine, there already', stack, await own.apply(), await own.state());
    await removeByHand();

    await tell('machine', stack, await own.apply(), await own.state());
    told['machine, planned again'] = await own.plan();
    const changed = structuredClone(stack);
    const [instance] = Object.values<Json>(changed['resource'].google_compute_instance);
    Object.assign(instance?.['labels'], { 'trainyard-owner': 'bob' });
    Object.assign(instance?.['metadata'], { 'trainyard-entry': '2' });
    await own.write(changed);
    await tell('machine, changed', changed, await own.apply(), await own.state());
    told['machine, planned at last'] = await own.plan();
    await removeByHand();
    told['machine, lost'] = await own.plan();

    const interrupted = own.startApply();
    running.push(interrupted);
    await until(isThere);
    interrupted.process.kill('SIGINT');
    const { code, errors } = await interrupted.ended;
    told['machine, interrupted'] = { code, errors: errors.map(plainError), state: Object.keys(await own.state()) };
    told['lock after an interrupt'] = (await ask('GET', `/storage/v1/b/${bucketName}/o/${lock}`)).status;
    await removeByHand();
    await own.apply();

    told['destroyed'] = [
      (await own.destroy()).changed,
      (await spoken.destroy()).changed,
      (await once.destroy()).changed,
    ];
    told['left'] = (await sim.leftOvers()).map(({ kind, name }) => `${kind} ${name}`);
    return told;
  } finally {
    // A provider whose Terraform was killed is in the same group.
    for (const {
      process: { pid },
    } of running)
      kill(pid);
    await close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Without what is another each time. */
function plainError(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'here')
    .trim();
}
