import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { finishJob } from '../web/api/finish-job.ts';
import { customersCsv } from '../web/api/open-yard.ts';
import { type ListeningYard, openListeningYard } from './listening-yard.ts';
import { startTrainyard } from './run-trainyard.ts';

let opened: ListeningYard;
let yard: ListeningYard['yard'];
let address: string;
let folder: string;
let csv: string;

beforeAll(async () => {
  opened = await openListeningYard();
  ({ yard, address, folder, csv } = opened);
});
afterAll(() => opened.close());

const trainyard = (...args: string[]) => start(args).done;
const start = (args: readonly string[], url = address) => startTrainyard(url, args);

async function newestJob(): Promise<string> {
  for (const end = Date.now() + 15_000; Date.now() < end; await sleep(20)) {
    const { items } = await yard.services.jobs.list({ workspaceId: 'default', owner: 'ada' }, { phase: 'queued' });
    if (items[0]) return items[0].id;
  }
  throw new Error('No job came.');
}

it('trains, follows to the end, shows the result and ends with 0', async () => {
  const args = ['train', csv, '-l', 'churned', '-t', '1m30s', '-n', 'from the shell', '--set', 'trees=50', '--follow'];
  const running = start(args);
  const id = await newestJob();
  await finishJob(yard, id);
  const { code, out, err } = await running.done;
  expect([code, err]).toEqual([0, expect.stringContaining('customers.csv: 60 rows, 4 columns')]);
  expect(out).toContain('fitting');
  expect(out).toContain('[err] a warning');
  expect(out).toContain('from the shell  Succeeded');
  expect(out).toContain('ROC AUC: 0.9400 in validation, 0.9300');
  expect(yard.work.started.get(`job-${id}`)).toMatchObject({
    task: { kind: 'binary', labels: ['churned'] },
    engine: { settings: { trees: 50, effort: 'balanced' } },
    limits: { trainingSeconds: 90 },
  });
});

it('ends with 5 when the job failed, and says why', async () => {
  const running = start(['train', csv, '-l', 'churned', '--follow']);
  const id = await newestJob();
  await finishJob(yard, id, { model: false });
  const { code, out } = await running.done;
  expect([code, out]).toEqual([5, expect.stringContaining('The label has one value.')]);
});

it('speaks JSON, one object a line', async () => {
  const { code, out } = await trainyard('train', csv, '-l', 'churned', '--json');
  expect(code).toBe(0);
  const { id } = JSON.parse(out) as { id: string };
  const listed = await trainyard('jobs', '--search', id.slice(0, 8), '--json');
  expect((JSON.parse(listed.out) as { items: { id: string }[] }).items.map((job) => job.id)).toEqual([id]);
  expect(JSON.parse((await trainyard('job', id.slice(0, 8), '--json')).out)).toMatchObject({ id, phase: 'queued' });
  expect(JSON.parse((await trainyard('cancel', id, '--json')).out)).toMatchObject({ delivered: true });
  const followed = start(['logs', id, '--follow', '--json']);
  await finishJob(yard, id);
  const events = (await followed.done).out.trimEnd().split('\n');
  expect(events.map((line) => (JSON.parse(line) as { event: string }).event).at(-1)).toBe('end');
});

it('divides the rows as told, and goes on from the model of another job', async () => {
  const divided = ['--holdout', '25', '--folds', '3', '--seed', '7', '--positive', 'no'];
  const first = await trainyard('train', csv, '-l', 'churned', '-n', 'the one before', ...divided, '--json');
  expect([first.code, first.err]).toEqual([0, expect.any(String)]);
  const { id } = JSON.parse(first.out) as { id: string };
  expect(yard.work.started.get(`job-${id}`)).toMatchObject({
    task: { positiveClass: 'no' },
    split: { holdoutFraction: 0.25, folds: 3, seed: 7 },
    continuesJobId: null,
  });
  const early = await trainyard('train', csv, '-l', 'churned', '--continue', id);
  expect([early.code, early.err]).toEqual([3, expect.stringContaining('--continue: The job “the one before” has no')]);
  await finishJob(yard, id);
  const next = await trainyard('train', csv, '-l', 'churned', '--continue', 'the one before', '--json');
  expect([next.code, next.err]).toEqual([0, expect.any(String)]);
  const { id: after } = JSON.parse(next.out) as { id: string };
  expect(yard.work.started.get(`job-${after}`)).toMatchObject({ continuesJobId: id, split: { holdoutFraction: 0.2 } });
  const sweep = ['sweep', 'start', csv, '-l', 'churned', '--grid', 'trees=50,100', '--continue', id, '--folds', '4'];
  const tried = await trainyard(...sweep, '--json');
  expect([tried.code, tried.err]).toEqual([0, expect.any(String)]);
  const { spec } = await yard.services.sweeps.get(
    { workspaceId: 'default', owner: 'ada' },
    (JSON.parse(tried.out) as { id: string }).id,
  );
  expect(spec.base).toMatchObject({ continuesJobId: id, split: { folds: 4 } });
  const { total } = await yard.services.datasets.list({ workspaceId: 'default', owner: 'ada' }, {});
  for (const [option, value, said] of [
    ['--holdout', '0.2', 'takes percent'],
    ['--folds', 'many', 'takes a whole number'],
    ['--continue', 'no such job', 'No job is called'],
  ] as const) {
    const refused = await trainyard('train', csv, '-l', 'churned', option, value);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining(said)]);
  }
  // Nothing was uploaded for what could not be.
  expect(await yard.services.datasets.list({ workspaceId: 'default', owner: 'ada' }, {})).toMatchObject({ total });
  const wrong = await trainyard('train', csv, '-l', 'churned', '--folds', '90', '--positive', 'maybe');
  expect([wrong.code, wrong.err]).toEqual([3, expect.stringContaining('--folds')]);
  expect((await trainyard('train', '--help')).out).toMatch(/--holdout <percent> [^-]*5\s+to 50/);
});

it('names what the server refuses, with 3', async () => {
  const fresh = join(folder, 'fresh.csv');
  await writeFile(fresh, customersCsv().replace('1', '2'));
  const { code, err } = await trainyard('train', fresh, '-l', 'yes');
  expect([code, err]).toEqual([3, expect.stringContaining('no column “yes”')]);
  expect(err).toMatch(/stays as dataset ([0-9a-f-]{36}); “.\/x trainyard delete \1 --kind dataset” removes it/);
  const setting = await trainyard('train', csv, '-l', 'churned', '--set', 'trees=1', '--json');
  expect(setting.code).toBe(3);
  expect(JSON.parse(setting.err)).toMatchObject({ status: 422, problems: [{ field: 'engine.settings.trees' }] });
});

it('offers to take data away only where the refused command has brought it', async () => {
  const kept = join(folder, 'kept.csv');
  await writeFile(kept, customersCsv().replace('1', '3'));
  expect((await trainyard('train', kept, '-l', 'churned')).code).toBe(0);
  const again = await trainyard('train', kept, '-l', 'yes');
  expect([again.code, again.err]).toEqual([3, expect.not.stringContaining('stays as dataset')]);
  // The same bytes under another time are sent again, and recognised by what is in them.
  await utimes(kept, 1, 1);
  const touched = await trainyard('train', kept, '-l', 'yes');
  expect([touched.code, touched.err]).toEqual([3, expect.not.stringContaining('stays as dataset')]);
});

it('tells wrong usage (2) from nobody there (4)', async () => {
  expect((await trainyard('train', csv)).code).toBe(2);
  expect((await trainyard('fly')).code).toBe(2);
  expect((await trainyard('train', csv, '-l', 'churned', '-t', 'soon')).code).toBe(2);
  expect((await trainyard('job', 'no-such-name')).code).toBe(2);
  const nobody = await start(['jobs'], 'http://127.0.0.1:9').done;
  expect([nobody.code, nobody.err]).toEqual([4, expect.stringContaining('TRAINYARD_URL')]);
  const help = await trainyard('--help');
  expect([help.code, help.out]).toEqual([0, expect.stringContaining('Exit codes')]);
  expect(help.out).toContain(`The server is at ${address}`);
});

it('refuses a budget of nothing, which is not the same as none', async () => {
  const { code, err } = await trainyard('train', csv, '-l', 'churned', '--budget', '0');
  expect([code, err]).toEqual([2, expect.stringContaining('Leave --budget out for no limit.')]);
});

it('says what a cloud lacks that is not set up, before the file is uploaded', async () => {
  const file = join(folder, 'for-gcp.csv');
  await writeFile(file, customersCsv().replace('1', '4'));
  const { total } = await yard.services.datasets.list({ workspaceId: 'default', owner: 'ada' }, {});
  const { code, err } = await trainyard('train', file, '-l', 'churned', '--machine', 'gcp/e2-standard-4');
  expect([code, err]).toEqual([3, expect.stringContaining('Write gcpProject into trainyard.yaml')]);
  expect(err).toContain('No such machine: Google Cloud is not set up here.');
  expect(await yard.services.datasets.list({ workspaceId: 'default', owner: 'ada' }, {})).toMatchObject({ total });
});

it('looks at a file before it uploads it', async () => {
  const { total } = await yard.services.datasets.list({ workspaceId: 'default', owner: 'ada' }, {});
  const several = await trainyard('train', csv, '-l', 'churned', '-l', 'gone');
  expect([several.code, several.err]).toEqual([2, expect.stringContaining('has no column “gone”.')]);
  const label = await trainyard('train', csv, '-l', 'gone');
  expect([label.code, label.err]).toEqual([2, expect.stringContaining('has no column “gone”. It was not uploaded.')]);
  const nowhere = await trainyard('train', join(folder, 'nowhere.csv'), '-l', 'churned');
  expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('There is no file')]);
  expect((await trainyard('train', folder, '-l', 'churned')).err).toContain('This is a folder');
  expect(await yard.services.datasets.list({ workspaceId: 'default', owner: 'ada' }, {})).toMatchObject({ total });
});

it('lists what is kept, extends, cancels, saves a report and takes things away', async () => {
  const { out } = await trainyard('train', csv, '-l', 'churned', '-n', 'to be extended', '--json');
  const { id, datasetId } = JSON.parse(out) as { id: string; datasetId: string };
  expect((await trainyard('datasets')).out).toContain(`${datasetId}  customers.csv`);
  const extended = await trainyard('extend', 'to be extended', '15m');
  expect([extended.code, extended.out]).toEqual([0, expect.stringContaining('900 s')]);
  await finishJob(yard, id);
  expect((await trainyard('job', id)).out).toContain(`Get it: ./x trainyard model ${id}`);
  const page = join(folder, 'report.html');
  expect((await trainyard('report', id, '-o', page)).code).toBe(0);
  expect(await readFile(page, 'utf8')).toContain('<title>Report</title>');
  expect(JSON.parse((await trainyard('report', id, '-o', '-', '--format', 'json')).out)).toMatchObject({ version: 1 });

  const running = start(['predict', id, csv, '-o', join(folder, 'never.csv')]);
  for (const end = Date.now() + 15_000; !running.said().includes('Predicting, '); await sleep(20)) {
    if (Date.now() > end) throw new Error(`No prediction came: ${running.said()}`);
  }
  const prediction = /Predicting, (\S+)/.exec(running.said())?.[1] ?? '';
  expect((await trainyard('predictions')).out).toContain(`${prediction}  ${id}  queued`);
  expect((await trainyard('predictions', '--cancel', prediction.slice(0, 13))).out).toContain('Cancelling');
  await yard.stores.predictions.close(prediction, { outcome: 'cancelled', reason: 'You cancelled it.', nowMs: 1 });
  expect(await running.done).toMatchObject({ code: 5, out: expect.stringContaining('Cancelled: You cancelled it.') });

  expect((await trainyard('delete', prediction, '--kind', 'prediction')).out).toContain('Gone: ');
  expect((await trainyard('delete', datasetId, '--kind', 'dataset', '--with-log')).code).toBe(2);
  expect((await trainyard('delete', id)).out).toContain('Gone: ');
  expect((await trainyard('job', id)).code).toBe(3);
  expect((await trainyard('delete', 'ffffffff-nobody', '--kind', 'model')).code).toBe(2);
});

it('saves a model and predictions whole, and prints the log', async () => {
  const { out } = await trainyard('train', csv, '-l', 'churned', '--json');
  const { id } = JSON.parse(out) as { id: string };
  const early = await trainyard('model', id, '-o', join(folder, 'early.zip'));
  expect([early.code, early.err]).toEqual([3, expect.stringContaining('when the job is done')]);
  const archive = await finishJob(yard, id);
  const zip = join(folder, 'model.zip');
  expect((await trainyard('model', id, '-o', zip)).code).toBe(0);
  expect(archive.equals(await readFile(zip))).toBe(true);
  const none = await trainyard('model', id, '--extra', 'model.pkl', '-o', join(folder, 'a.pkl'));
  expect([none.code, none.err]).toEqual([2, expect.stringContaining('Its engine gives none.')]);
  expect((await trainyard('logs', id)).out).toContain('err      a warning');
  expect((await trainyard('logs', id, '--search', 'warn')).out.trim()).toMatch(/\[err\] a warning$/);

  const saved = join(folder, 'out.csv');
  const running = start(['predict', id, csv, '-o', saved]);
  await finishPrediction(running, id, predicted);
  const done = await running.done;
  expect([done.code, done.out]).toEqual([0, expect.stringContaining('1 row predicted')]);
  expect(await readFile(saved, 'utf8')).toBe(predicted);
});

const predicted = 'age,churned_predicted\n20,yes\n';

/** What the machine and its workflow would do to the prediction that a command has just asked for. */
async function finishPrediction(running: ReturnType<typeof start>, job: string, rows: string): Promise<void> {
  const predictions = async () => {
    const { items } = await yard.services.predictions.list({ workspaceId: 'default', owner: 'ada' }, { modelId: job });
    return items.filter(({ phase }) => phase !== 'done');
  };
  for (const end = Date.now() + 15_000; (await predictions()).length === 0; await sleep(20)) {
    if (Date.now() > end) throw new Error(`No prediction came: ${running.said()}`);
  }
  const id = (await predictions())[0]?.id ?? '';
  await yard.stores.log.append({ kind: 'prediction', id }, [[1000, 'o', 1, 'loading the model']]);
  await yard.store.putText(`predictions/${id}/predictions.csv`, rows);
  await yard.stores.predictions.setOutput(id, { rowCount: 1, outputHash: 'h', previewJson: '{}' });
  await yard.stores.predictions.enterPhase(id, 'releasing', 'Releasing.', 1);
  await yard.stores.predictions.close(id, { outcome: 'succeeded', reason: 'It ran to its end.', nowMs: 1 });
}

it('says what is mended of data to predict, and refuses what may not be', async () => {
  const { out } = await trainyard('train', csv, '-l', 'churned', '--json');
  const { id } = JSON.parse(out) as { id: string };
  await finishJob(yard, id);
  const other = join(folder, 'differing.csv');
  await writeFile(other, 'age,plan,spend,shoe\n30,basic,4,41\n40,plus,5,42\n');
  const saved = join(folder, 'mended.csv');
  for (const [flag, said] of [
    ['--no-extra-columns', 'Remove it, or allow extra columns'],
    ['--no-cast-types', '“spend” is whole number, not number'],
  ] as const) {
    const refused = await trainyard('predict', id, other, '-o', saved, flag);
    expect([refused.code, refused.err]).toEqual([3, expect.stringContaining(said)]);
  }
  const running = start(['predict', id, other, '-o', saved]);
  await finishPrediction(running, id, predicted);
  const { code, err } = await running.done;
  expect([code, err]).toEqual([
    0,
    expect.stringContaining('The model does not look at “shoe”. Types are cast: “spend”'),
  ]);
});

it.each([[[]], [['--json']]])(
  'prints predictions and nothing else where they go to standard output %j',
  async (more) => {
    const { out } = await trainyard('train', csv, '-l', 'churned', '--json');
    const { id } = JSON.parse(out) as { id: string };
    await finishJob(yard, id);
    const running = start(['predict', id, csv, '-o', '-', ...more]);
    await finishPrediction(running, id, predicted);
    const done = await running.done;
    expect([done.code, done.out]).toEqual([0, predicted]);
    expect(done.err).toContain('loading the model');
  },
);

it('ends quietly when its reader has had enough', async () => {
  const { out } = await trainyard('train', csv, '-l', 'churned', '--json');
  const { id } = JSON.parse(out) as { id: string };
  await finishJob(yard, id);
  const running = start(['predict', id, csv, '-o', '-']);
  running.child.stdout.destroy();
  await finishPrediction(running, id, predicted.repeat(50_000));
  expect(await running.done).toMatchObject({ code: 0, err: expect.not.stringMatching(/EPIPE|premature/i) });
});

it('lets go on Ctrl-C and leaves the job running', async () => {
  const { out } = await trainyard('train', csv, '-l', 'churned', '--json');
  const { id } = JSON.parse(out) as { id: string };
  const running = start(['logs', id, '--follow']);
  for (const end = Date.now() + 15_000; !running.said().includes('queued'); await sleep(20)) {
    if (Date.now() > end) throw new Error(`Nothing came: ${running.said()}`);
  }
  running.child.kill('SIGINT');
  const { code, err } = await running.done;
  expect([code, err]).toEqual([130, expect.stringContaining('It goes on.')]);
  expect((await yard.services.jobs.get({ workspaceId: 'default', owner: 'ada' }, id)).phase).toBe('queued');
});

it('prints the settings of the engines as they declare them', async () => {
  const { out } = await trainyard('engines');
  expect(out).toContain('sklearn: scikit-learn (ready)');
  expect(out).toContain('--set trees=…  How many.');
  expect(out).toContain('integer (10 to 2000); 200 unless told');
  expect(out).toContain('first use downloads 1400 MB');
});

it('takes a request in a YAML file, and refuses one that does not fit', async () => {
  const form = new FormData();
  form.set('file', new Blob([customersCsv()], { type: 'text/csv' }), 'yaml.csv');
  const answer = await fetch(`${address}/api/v1/datasets`, {
    method: 'POST',
    body: form,
    headers: { 'X-Trainyard': '1' },
  });
  const dataset = (await answer.json()) as { id: string };
  const file = join(folder, 'job.yaml');
  const request = (label: string) =>
    `name: from yaml\ndatasetId: ${dataset.id}\ntask: {kind: binary, labels: [${label}]}\nengine: {name: sklearn}\n`;
  await writeFile(file, request('churned'));
  const accepted = await trainyard('submit', file, '--json');
  expect(accepted.code).toBe(0);
  expect(JSON.parse(accepted.out)).toMatchObject({ name: 'from yaml', phase: 'queued' });
  await writeFile(file, request('nobody'));
  const refused = await trainyard('submit', file);
  expect(refused.code).toBe(3);
  expect(refused.err).toContain('nobody');
});

test('takes settings from a file, tells what has no place there, and lets --set go before it', async () => {
  const file = join(folder, 'hyperparams.json');
  await writeFile(file, '{"trees": 50, "effort": "quick", "flux": 3}');
  const { code, out, err } = await trainyard(
    ...['train', csv, '--label', 'churned', '--settings', file, '--set', 'trees=60', '--name', 'from a file'],
  );
  expect([code, out + err]).toEqual([0, expect.stringContaining('“flux” is no setting of scikit-learn')]);
  const listed = await yard.api.get('/jobs?search=from a file');
  const { body } = await yard.api.get(`/jobs/${listed.body.items[0].id}`);
  expect(body.spec.engine.settings).toMatchObject({ trees: 60, effort: 'quick' });
});
