import type { Holder } from '../../domain/ids.ts';
import { machineNameOf } from '../../domain/ids.ts';
import { costInWords, pageWithCost, type ReportCost } from '../../activities/report-cost.ts';
import { SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { madeModel } from './dependencies.ts';
import { handIn, sha256 } from './files.ts';
import { dollarASecond, type Ground, openGround } from './ground.ts';

let ground: Ground;
beforeAll(async () => {
  const cloud = new SimulatedCloud({ script: () => async (actor) => actor.gone, pricePerHourMicros: dollarASecond });
  ground = await openGround({ cloud });
});
afterAll(() => ground.close());

const room = '<!--trainyard:cost-->Not counted.<!--/trainyard:cost-->';
const ending = { outcome: 'succeeded', reason: 'It ran to its end.', failureType: null } as const;

const storeText = async (id: string, name: string) =>
  (await ground.dependencies.store.readText(`models/${id}/${name}`)) ?? '';
const costIn = async (id: string): Promise<ReportCost> => JSON.parse(await storeText(id, 'report.json')).cost;
const costInRow = async (id: string): Promise<ReportCost> =>
  JSON.parse((await ground.dependencies.stores.models.findByJob(id))?.report_json ?? '{}').cost;

/** A job whose model is kept, and whose machine was there for so long; then a second while it was taken down. */
async function kept(seconds: number): Promise<{ holder: Holder; archive: string | undefined }> {
  const holder = await ground.jobIn('collecting');
  const ref = await ground.machineFor(holder);
  handIn(ground, ref, {
    'model.zip': 'an archive',
    'manifest.json': '{}',
    'report.html': `<dl>${room}</dl>`,
    'report.json': JSON.stringify({ metric: { name: 'roc_auc' }, best: { validation: 0.9, test: null }, seed: 7 }),
    'input-schema.json': JSON.stringify({ columns: [], label: { name: 'y', sqlType: 'BIGINT' } }),
  });
  const seen = ground.cloud.machines.get(machineNameOf(ref))?.seen;
  if (!seen?.startedAtMs) throw new Error('It has no machine.');
  ground.clock.atMs = seen.startedAtMs + seconds * 1000;
  await ground.activities.collectModel(ref);
  const archive = (await ground.dependencies.stores.models.findByJob(holder.id))?.archive_hash;
  Object.assign(seen, { state: 'ended', endedAtMs: seen.startedAtMs + (seconds + 2) * 1000 });
  await ground.activities.removeMachine(ref);
  await ground.dependencies.stores.jobs.enterPhase(holder.id, 'releasing', '', 1);
  return { holder, archive };
}

afterEach(() => {
  ground.clock.atMs = undefined;
});

test('a report says what it cost until the model was kept, and once all is gone what it cost in the end', async () => {
  const { holder, archive } = await kept(40);
  const first = await costIn(holder.id);
  expect(first).toMatchObject({ micros: 40_000_000, isFinal: false, isFree: false, machineSeconds: 40 });
  expect(await storeText(holder.id, 'report.html')).toContain('$40.00 until ');
  expect(await costInRow(holder.id)).toEqual(first);

  await ground.activities.closeWork({ ...holder, ...ending });
  const last = await costIn(holder.id);
  const job = await ground.dependencies.stores.jobs.find(holder.id);
  expect(job).toMatchObject({ cost_micros: 42_000_000, cost_is_final: 1 });
  expect(last).toMatchObject({ micros: job?.cost_micros, isFinal: true, priceLists: job?.price_list_date });
  expect(await costInRow(holder.id)).toEqual(last);
  const page = await storeText(holder.id, 'report.html');
  expect(page).toContain('$42.00');
  expect(page).toContain('final');
  expect(page).not.toContain(' until ');
  expect(JSON.parse(await storeText(holder.id, 'report.json'))).toMatchObject({ seed: 7, best: { validation: 0.9 } });
  // What was signed is what was handed in.
  expect(sha256(await storeText(holder.id, 'model.zip'))).toBe(archive);
  expect(await storeText(holder.id, 'manifest.json')).toBe('{}');
});

test('closing again, or after it was killed in between, leaves the same report', async () => {
  const { holder } = await kept(10);
  const { models } = ground.dependencies.stores;
  const { setReport } = models;
  models.setReport = async () => {
    throw new Error('killed');
  };
  const close = () => ground.activities.closeWork({ ...holder, ...ending });
  await expect(close()).rejects.toThrow('killed');
  models.setReport = setReport;
  await close();
  const whole = [await storeText(holder.id, 'report.json'), await storeText(holder.id, 'report.html')];
  expect(await costInRow(holder.id)).toMatchObject({ micros: 12_000_000, isFinal: true });
  ground.clock.atMs = Date.now() + 3_600_000;
  await close();
  expect([await storeText(holder.id, 'report.json'), await storeText(holder.id, 'report.html')]).toEqual(whole);
});

test('a model that was removed meanwhile gets no files again', async () => {
  const { holder } = await kept(10);
  const { store, stores } = ground.dependencies;
  await stores.models.softDelete('default', holder.id, Date.now());
  for (const object of await store.list(`models/${holder.id}/`)) await store.remove(object);
  await ground.activities.closeWork({ ...holder, ...ending });
  expect(await store.list(`models/${holder.id}/`)).toEqual([]);
});

test('a page without room for it, of an older trainer, stays as it is', async () => {
  const model = await madeModel(ground.dependencies);
  await ground.dependencies.store.putText(`models/${model.id}/report.html`, '<p>good</p>');
  await ground.activities.closeWork({ kind: 'job', id: model.job_id, ...ending });
  expect(await storeText(model.id, 'report.html')).toBe('<p>good</p>');
  expect(await costInRow(model.job_id)).toMatchObject({ micros: 0, isFinal: true });
});

describe('in words', () => {
  const cost: ReportCost = {
    ...{ micros: 1_250_000, isFinal: true, countedAt: '2026-11-01T10:20:30.000Z', isFree: false },
    ...{ priceLists: '2026-11-01', machines: ['n2-standard-4 on gcp (spot)'], machineSeconds: 600, parts: [] },
  };

  test('a cost names its machines, its price list, and what it is made of', () => {
    const parts = [
      { title: 'Machine', micros: 1_000_000 },
      { title: 'Taking it down', micros: 250_000 },
    ];
    expect(costInWords({ ...cost, parts })).toBe(
      '$1.25 (machine $1.00, taking it down $0.25), final. 10 min of n2-standard-4 on gcp (spot). Prices of 2026-11-01.',
    );
    expect(costInWords({ ...cost, isFinal: false })).toBe(
      '$1.25 until 2026-11-01 10:20 UTC, when the model was kept; not final yet. 10 min of n2-standard-4 on gcp (spot). ' +
        'Prices of 2026-11-01.',
    );
  });

  test('a machine of this computer costs nothing', () => {
    const free = { ...cost, micros: 0, isFree: true, machines: ['this computer'], machineSeconds: 42 };
    expect(costInWords(free)).toBe('Nothing: its machine has no price. 42 s of this computer.');
  });

  test('a name that looks like markup or like a pattern is only a name', () => {
    const page = pageWithCost(`a ${room} b`, { ...cost, machines: ['<b>$& on gcp'] });
    expect(page).toContain('&#60;b&#62;$&#38; on gcp');
    expect(page.endsWith('<!--/trainyard:cost--> b')).toBe(true);
  });
});
