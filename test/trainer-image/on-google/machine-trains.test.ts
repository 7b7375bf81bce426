import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { TrainerEvent } from '../../../domain/event.ts';
import { readRecord } from '../../../infra/spool-record.ts';
import { loadSettings } from '../../../settings/settings.ts';
import { engineEnvironments } from '../../../infra/local/engine-environments.ts';
import { type GcpSimulation, startGcpSimulation } from '../../cloud-sim/gcp/start-gcp-simulation.ts';
import { GoogleByHand } from './google-by-hand.ts';

const root = join(import.meta.dirname, '../../..');
const trainerFolder = join(root, 'trainer-image');

/** A whole training on a simulated instance: the real entry script, runner and engine, over Google's own protocols. */
describe('a machine on Google Cloud', () => {
  let folder: string;
  let simulation: GcpSimulation;
  let google: GoogleByHand;
  const heard: TrainerEvent[] = [];
  const records: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ty-gcp-'));
    const { cacheFolder, pythonPath } = loadSettings(process.env, root);
    const environments = engineEnvironments({ cacheFolder, trainerFolder, pythonPath: pythonPath || 'python3' });
    simulation = await startGcpSimulation({ folder, trainerFolder, pythonOf: (engine) => environments.python(engine) });
  }, 60_000);
  afterAll(async () => {
    await simulation?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function begin(name: string, seconds = 60): Promise<void> {
    google = new GoogleByHand(simulation, name);
    heard.length = 0;
    records.length = 0;
    await google.prepare();
    await stage(seconds);
    await insert(1);
  }

  async function stage(seconds: number): Promise<void> {
    const data = join(folder, 'data.parquet');
    const database = await (await DuckDBInstance.create()).connect();
    const csv = join(trainerFolder, 'samples/breast-cancer.csv');
    await database.run(`COPY (FROM read_csv('${csv}')) TO '${data}' (FORMAT parquet)`);
    const described = await database.runAndReadAll(`DESCRIBE FROM '${data}'`);
    const columns = described.getRowObjects().map(({ column_name: column, column_type: type }) => ({
      name: String(column),
      sqlType: String(type),
      role: column === 'diagnosis' ? 'label' : 'feature',
    }));
    database.closeSync();
    const spec = {
      kind: 'train',
      jobId: '5d9e2f2c-0000-4000-8000-000000000001',
      engine: 'sklearn',
      settings: {},
      task: { kind: 'binary', labels: ['diagnosis'], metric: 'roc_auc', positiveClass: null },
      columns,
      split: { holdoutFraction: 0.2, folds: 0, seed: 0 },
      data: 'input/data.parquet',
      startFrom: null,
      limits: { trainingSeconds: seconds },
    };
    await google.put('input/spec.json', JSON.stringify(spec));
    await google.put('input/data.parquet', readFileSync(data));
  }

  function insert(attempt: number): Promise<void> {
    const { project, endpoint } = simulation;
    const now = Date.now();
    return google.insertInstance({
      TRAINYARD_HOLDER_KIND: 'job',
      TRAINYARD_HOLDER_ID: '5d9e2f2c-0000-4000-8000-000000000001',
      TRAINYARD_ATTEMPT: String(attempt),
      TRAINYARD_MACHINE: google.name,
      TRAINYARD_BUCKET: `gs://${google.name}`,
      TRAINYARD_SIGNALS: `pubsub://${project}/${google.name}`,
      TRAINYARD_WORK: '/var/lib/trainyard/work',
      TRAINYARD_PYTHON: '/opt/trainyard/engines/sklearn/bin/python',
      TRAINYARD_DEADLINE_AT_MS: String(now + 300_000),
      TRAINYARD_ENDS_AT_MS: String(now + 600_000),
      TRAINYARD_HEARTBEAT_SECONDS: '1',
      TRAINYARD_CLOUD: 'gcp',
      TRAINYARD_GCP_PROJECT: project,
      TRAINYARD_GCP_ZONE: google.zone,
      TRAINYARD_ENDPOINT: endpoint,
    });
  }

  async function listen(): Promise<void> {
    for (const record of await google.pull()) {
      const event = readRecord(Buffer.from(record));
      if (event === undefined) throw new Error(`not a record: ${record.slice(0, 80)}`);
      records.push(`${record}\n`);
      heard.push(event);
    }
  }

  async function untilHeard(type: TrainerEvent['type'], seconds = 90): Promise<void> {
    await google.until(
      `${type} is heard`,
      async () => {
        await listen();
        return heard.some((event) => event.type === type);
      },
      seconds,
    );
  }

  it('trains, tells of it in order, hands in what it learned, and is gone', async () => {
    await begin('ty-trains', 20);
    await google.until('the machine is gone', () => google.isGone(), 120);
    // Nobody listened until now: what was said waited.
    await google.until('its last word', async () => {
      await listen();
      return heard.at(-1)?.type === 'finished';
    });
    expect(heard.map(({ seq }) => seq)).toEqual(heard.map((_, index) => index + 1));
    expect(heard[0]).toMatchObject({ type: 'hello' });
    expect(heard.at(-1)).toMatchObject({ type: 'finished', hasResult: true });
    expect((await google.get('attempts/1/spool/000000000001.jsonl'))?.toString('utf8')).toBe(records.join(''));
    const done = JSON.parse(String(await google.get('attempts/1/done.json'))) as { files: Record<string, string> };
    expect(Object.keys(done.files)).toEqual(expect.arrayContaining(['model.zip', 'manifest.json', 'report.json']));
    for (const [name, sum] of Object.entries(done.files)) {
      const file = await google.get(`attempts/1/out/${name}`);
      expect(
        createHash('sha256')
          .update(file ?? Buffer.of())
          .digest('hex'),
      ).toBe(sum);
    }
    const instances = (await simulation.audit()).filter(({ kind }) => kind === 'instance' || kind === 'disk');
    expect(instances.map(({ act, kind, who }) => ({ act, kind, self: who === google.account }))).toEqual(
      expect.arrayContaining([{ act: 'deleted', kind: 'instance', self: true }]),
    );
    expect((await simulation.leftOvers()).filter(({ kind }) => kind === 'instance' || kind === 'disk')).toEqual([]);
  }, 180_000);

  it('goes when it is preempted with notice, and leaves the next attempt what it had finished', async () => {
    await begin('ty-preempted', 240);
    await untilHeard('checkpoint');
    await simulation.admin.preempt(google.name, 30);
    await untilHeard('failed');
    expect(heard.at(-1)).toMatchObject({ type: 'failed', failure: { type: 'MachinePreempted' } });
    await google.until('the machine is gone', () => google.isGone());
    const latest = JSON.parse(String(await google.get('checkpoints/latest.json'))) as { files: Record<string, string> };
    for (const sum of Object.values(latest.files)) {
      const file = await google.get(`checkpoints/files/${sum}`);
      expect(
        createHash('sha256')
          .update(file ?? Buffer.of())
          .digest('hex'),
      ).toBe(sum);
    }
    heard.length = 0;
    await insert(2);
    await untilHeard('leaderboard');
    const log = heard.flatMap((event) => (event.type === 'log' && event.stream === 'machine' ? [event.text] : []));
    expect(log.join('\n')).toContain('of attempt 1');
    await google.put('control/attempt-2.json', JSON.stringify({ stop: true }));
    await untilHeard('finished');
    expect(heard.at(-1)).toMatchObject({ type: 'finished', why: 'stop_asked', hasResult: true });
  }, 240_000);

  it('is simply gone when it is killed, and what it had sent is there', async () => {
    await begin('ty-killed', 240);
    await untilHeard('checkpoint');
    await simulation.admin.loseInstance(google.name);
    await google.until('the machine is gone', () => google.isGone());
    await listen();
    expect(heard.map(({ seq }) => seq)).toEqual(heard.map((_, index) => index + 1));
    expect(heard.some(({ type }) => type === 'finished' || type === 'failed')).toBe(false);
    expect(await google.get('checkpoints/latest.json')).toBeDefined();
  }, 120_000);
});
