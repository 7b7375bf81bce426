import { bucketNameOf, machineNameOf } from '../../domain/ids.ts';
import type { Phase } from '../../domain/phases.ts';
import { checkCounted } from '../e2e/counting.ts';
import { processesMarked } from '../e2e/process-table.ts';
import { waitFor } from '../e2e/running-yard.ts';
import { countingIn, yardForTests } from './for-tests.ts';
import { asOwner, killAll, saidOn, terraformsOf, untilAudited, untilPhase } from './in-google.ts';
import { zones } from './open-google-yard.ts';
import { checkEmptyProject, checkEnd } from './oracle.ts';

/** One case makes its jobs' machines of a type that no other uses, wherever Google is told what to refuse. */
const { together, alone, yard, database } = await yardForTests({ trainer: 'counting' });
const count = await countingIn(yard);
const within = 240_000;
const lines = 40;

async function checkAllCounted(id: string, attempt = 1): Promise<void> {
  await checkEnd(yard(), id, { outcome: 'succeeded', attempt, seconds: 150 });
  checkCounted(await yard().api.log(id), lines, attempt);
}

const told = (id: string, text: RegExp) =>
  waitFor(
    `the page tells ${text}`,
    () =>
      database()
        .timeline(id)
        .some((entry) => text.test(entry.text)),
    120,
  );

const cancel = async (id: string) => {
  const asked = await yard().api.ask(`/jobs/${id}/cancel`, { method: 'POST', headers: { 'x-trainyard': '1' } });
  expect(asked.status).toBe(202);
};

const deepIn: Partial<Record<Phase, (id: string) => Promise<void>>> = {
  preparing: (id) => untilAudited(yard(), id, 'created', 'topic'),
  provisioning: (id) => untilAudited(yard(), id, 'created', 'instance'),
  training: (id) =>
    waitFor('it counts', async () => (await yard().api.log(id)).some((line) => line.includes('line 1 of')), 60),
};

together.each(['preparing', 'provisioning', 'training'] as const)(
  'cancelled while %s: it comes to its end, and all is taken down',
  async (phase) => {
    const id = await count({ seconds: 60, trainingSeconds: 120 });
    await untilPhase(yard(), id, phase);
    await deepIn[phase]?.(id);
    expect(database().job(id)?.phase).toBe(phase);
    await cancel(id);
    await checkEnd(yard(), id, { outcome: 'cancelled' });
  },
  within,
);

together.each(['collecting', 'releasing'] as const)(
  'cancelled while %s: either it was before the model was kept, or that is kept',
  async (phase) => {
    const id = await count({ lines, seconds: 2 });
    await untilPhase(yard(), id, phase);
    await cancel(id);
    const { outcome, reason } = await yard().api.done(id, 120);
    if (phase === 'releasing') expect(outcome).toBe('succeeded');
    if (outcome === 'succeeded') expect(reason).toMatch(/Cancel came too late/);
    await checkEnd(yard(), id, { outcome: outcome === 'succeeded' ? 'succeeded' : 'cancelled', attempt: 1 });
  },
  within,
);

together(
  'cancelled while queued: nothing was ever made',
  async () => {
    yard().yard.freeze('workers');
    const id = await count();
    await cancel(id);
    yard().yard.thaw('workers');
    await checkEnd(yard(), id, { outcome: 'cancelled' });
    expect((await yard().google.audit()).filter(({ kind, name }) => kind === 'instance' && name.includes(id))).toEqual(
      [],
    );
  },
  within,
);

together(
  'no machine is left in two zones: the third has one, and the page tells where there was none',
  async () => {
    const { admin } = yard().google;
    const machineType = 'e2-standard-4';
    for (const zone of zones.slice(0, 2)) await admin.noCapacity({ zone, machineType });
    const id = await count({ lines, where: { type: machineType } });
    await checkAllCounted(id);
    expect(database().attempts(id)).toMatchObject([{ zone: zones[2] }]);
    const log = (await yard().api.log(id)).join('\n');
    for (const zone of zones.slice(0, 2)) expect(log).toMatch(new RegExp(`no machine of this type left.*${zone}`));
  },
  within,
);

together(
  'a quota that is used up: the page tells which, and the job goes on when there is more',
  async () => {
    const { admin } = yard().google;
    const regions = ['us-central1', 'europe-west4'];
    for (const region of regions) await admin.quota(region, 'N2_CPUS', 0);
    const id = await count({ lines, where: { type: 'n2-standard-4' } });
    await told(id, /quota N2_CPUS of the project \S+ is used up: 0 in \S+\. Asked 1 of \d+ times; again in 30 s/);
    for (const region of regions) await admin.quota(region, 'N2_CPUS', 200);
    await checkAllCounted(id);
  },
  within,
);

together(
  'Google says that it is asked too often, or not now: the job does not notice',
  async () => {
    const id = crypto.randomUUID();
    const [name, machine] = [bucketNameOf({ kind: 'job', id }), machineNameOf({ kind: 'job', id, attempt: 1 })];
    const { admin } = yard().google;
    const busy = { status: 429, reason: 'rateLimitExceeded', message: 'Rate Limit Exceeded' };
    await admin.error({ ...busy, method: 'PUT', path: `/topics/${name}$`, times: 2 });
    await admin.error({ status: 503, path: `/subscriptions/${name}$`, times: 2 });
    await admin.error({ status: 503, method: 'GET', path: `/b/${name}$`, times: 2 });
    await admin.error({ ...busy, method: 'GET', path: `/instances/${machine}$`, times: 3 });
    await admin.error({ status: 500, method: 'DELETE', path: `/instances/${machine}$`, times: 2 });
    await admin.error({ status: 503, method: 'POST', path: `/topics/${name}:publish$`, times: 3 });
    await count({ id, lines });
    await checkAllCounted(id);
  },
  within,
);

together(
  'a machine that says nothing any more: it is given up, and another one does the work',
  async () => {
    const id = await count({ lines, seconds: 20, trainingSeconds: 120, silenceSeconds: 10 });
    await untilPhase(yard(), id, 'training');
    await deepIn.training?.(id);
    const frozen = processesMarked(machineNameOf({ kind: 'job', id, attempt: 1 }));
    expect(frozen.length).toBeGreaterThan(1);
    for (const { pid } of frozen) process.kill(pid, 'SIGSTOP');
    await checkAllCounted(id, 2);
    await told(id, /Attempt 1 ended: The machine said nothing for 10 seconds/);
  },
  within,
);

together(
  'Google’s provider is killed in the middle of making a machine: the job goes on with the one that is there',
  async () => {
    const id = await count({ lines });
    await untilAudited(yard(), id, 'created', 'instance');
    const providers = (await terraformsOf(yard(), id, 'machine-1')).filter(({ command }) =>
      command.includes('terraform-provider'),
    );
    expect(providers.length).toBeGreaterThan(0);
    killAll(providers);
    await checkAllCounted(id);
    const instances = (await yard().google.audit()).filter(
      ({ act, kind, name }) => act === 'created' && kind === 'instance' && name.includes(id),
    );
    expect(instances).toHaveLength(1);
  },
  within,
);

together(
  'a lock of somebody else on the state: the job waits, tells how to take it away, and goes on when it is gone',
  async () => {
    const id = crypto.randomUUID();
    const bucket = bucketNameOf({ kind: 'job', id });
    const lock = encodeURIComponent('.trainyard/terraform/machine-1/default.tflock');
    const owner = await asOwner(yard());
    await count({ id, lines });
    await untilAudited(yard(), id, 'created', 'bucket');
    const content = { ID: '1', Operation: 'OperationTypeApply', Who: 'somebody@elsewhere', Version: '1.5.7' };
    const made = await owner('POST', `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${lock}`, {
      ...content,
      Created: new Date().toISOString(),
    });
    expect(made.status).toBe(200);
    await told(id, /locked by somebody@elsewhere.*gcloud storage rm gs:/);
    expect(database().job(id)?.phase).toBe('provisioning');
    await owner('DELETE', `/storage/v1/b/${bucket}/o/${lock}`);
    await checkAllCounted(id);
  },
  within,
);

together(
  'what a machine said comes again, the last first: each line is kept once, in its order',
  async () => {
    const id = await count({ lines, seconds: 6 });
    await untilPhase(yard(), id, 'training');
    await deepIn.training?.(id);
    await waitFor('there is something to repeat', () => saidOn(yard(), id).length > 4, 60);
    const topic = `/v1/projects/${yard().google.project}/topics/${bucketNameOf({ kind: 'job', id })}`;
    const owner = await asOwner(yard());
    // Without the key that keeps order, as a queue that only promises to deliver at least once.
    const messages = saidOn(yard(), id).map(({ data, attributes }) => ({ data, attributes }));
    for (const again of [messages.toReversed(), messages]) {
      expect((await owner('POST', `${topic}:publish`, { messages: again })).status).toBe(200);
    }
    await checkAllCounted(id);
  },
  within,
);

alone('the project is as it was', () => checkEmptyProject(yard()));
