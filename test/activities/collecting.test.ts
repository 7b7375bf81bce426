import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { collectorOf } from '../../activities/models.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import { handIn, objectsOf, sha256, uploaded } from './files.ts';
import { type Ground, openGround } from './ground.ts';

const run = promisify(execFile);
const trainerFolder = join(import.meta.dirname, '../../trainer-image');
const python = (args: string[]) => run('python3', args, { env: { ...process.env, PYTHONPATH: trainerFolder } });

let ground: Ground;
/** What a trainer packs, by the trainer's own code. */
let files: Record<string, Buffer>;
beforeAll(async () => {
  const runTrainerTool = async (args: string[]) => void (await python(['-m', 'trainer', ...args]));
  ground = await openGround({ runTrainerTool });
  files = await packed(ground.dependencies.folder);
});
afterAll(() => ground.close());

async function packed(folder: string): Promise<Record<string, Buffer>> {
  const [model, archive, manifest] = ['model', 'model.zip', 'manifest.json'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(model);
  writeFileSync(join(model, 'weights.bin'), 'weights');
  const script = 'import sys; from pathlib import Path; from trainer.archive import pack';
  const act = 'Path(sys.argv[3]).write_text(pack(Path(sys.argv[1]), Path(sys.argv[2])), "utf-8")';
  await python(['-c', `${script}; ${act}`, model, archive, manifest]);
  return {
    'model.zip': readFileSync(archive),
    'manifest.json': readFileSync(manifest),
    'report.html': Buffer.from('<p>good</p>'),
    'report.json': Buffer.from(
      JSON.stringify({ metric: { name: 'roc_auc' }, best: { model: 'm', validation: 0.9, test: null } }),
    ),
    'input-schema.json': Buffer.from(
      JSON.stringify({ columns: [{ name: 'x', sqlType: 'DOUBLE' }], label: { name: 'y', sqlType: 'BIGINT' } }),
    ),
  };
}

async function bytesOf(object: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of ground.dependencies.store.openRead(object)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('a model', () => {
  async function finished(upload: Record<string, string | Buffer> = files): Promise<AttemptRef> {
    const ref = await ground.machineFor(await ground.jobIn('collecting'));
    handIn(ground, ref, upload);
    await ground.activities.removeMachine(ref);
    return ref;
  }
  const collect = (ref: AttemptRef) => ground.activities.collectModel(ref);
  const rowOf = (ref: AttemptRef) => ground.dependencies.stores.models.findByJob(ref.id);

  const withExtras = (...names: string[]) => {
    const report = { ...JSON.parse(String(files['report.json'])), extras: names.map((name) => ({ name })) };
    return { ...files, 'report.json': JSON.stringify(report) };
  };

  test('of several labels knows each of them, so that data to predict may bring them along', async () => {
    const predicted = ['toxic', 'threat'].map((name) => ({ name, sqlType: 'BOOLEAN' }));
    const schema = JSON.stringify({ columns: [{ name: 'x', sqlType: 'DOUBLE' }], labels: predicted });
    const ref = await finished({ ...files, 'input-schema.json': schema });
    await collect(ref);
    expect(JSON.parse((await rowOf(ref))?.input_schema_json ?? '')).toEqual([
      { name: 'x', sqlType: 'DOUBLE', role: 'feature' },
      { name: 'toxic', sqlType: 'BOOLEAN', role: 'label' },
      { name: 'threat', sqlType: 'BOOLEAN', role: 'label' },
    ]);
  });

  test('is kept with the files that come beside it', async () => {
    const ref = await finished({ ...withExtras('model.pkl'), 'extras/model.pkl': 'a pickle' });
    await collect(ref);
    expect(String(await bytesOf(`models/${ref.id}/extras/model.pkl`))).toBe('a pickle');
  });

  test('is not kept where a file beside it would lie elsewhere, or is not there', async () => {
    await expect(collect(await finished(withExtras('../../model.pkl')))).rejects.toThrow('is no name for a file');
    await expect(collect(await finished(withExtras('model.pkl')))).rejects.toThrow('no extras/model.pkl');
  });

  test('is kept with its report, and signed so that whoever has the key’s public half can tell', async () => {
    const ref = await finished();
    await collect(ref);
    const row = await rowOf(ref);
    expect(row).toMatchObject({ id: ref.id, engine: 'sklearn', metric: 'roc_auc', validation_score: 0.9 });
    expect(JSON.parse(row?.input_schema_json ?? '')).toEqual([
      { name: 'x', sqlType: 'DOUBLE', role: 'feature' },
      { name: 'y', sqlType: 'BIGINT', role: 'label' },
    ]);
    const { key, store } = ground.dependencies;
    expect(await store.list(`models/${ref.id}/`)).toHaveLength(4);
    const manifest = await bytesOf(`models/${ref.id}/manifest.json`);
    const signature = JSON.parse(row?.signature_json ?? '');
    expect(signature).toMatchObject({ keyId: key.keyId, manifestSha256: sha256(manifest) });
    expect(key.verify(manifest, signature.signature)).toBe(true);
    expect(key.verify(Buffer.concat([manifest, Buffer.from(' ')]), signature.signature)).toBe(false);

    const archive = await bytesOf(`models/${ref.id}/model.zip`);
    expect(row).toMatchObject({ archive_hash: sha256(archive), archive_bytes: archive.length });
    const path = join(ground.dependencies.folder, 'kept.zip');
    writeFileSync(path, archive);
    const read = 'import sys, zipfile; sys.stdout.write(zipfile.ZipFile(sys.argv[1]).read("signature.json").decode())';
    const { stdout } = await python(['-c', read, path]);
    rmSync(path);
    const { archiveSignature, ...inside } = signature;
    expect(JSON.parse(stdout)).toEqual({ ...inside, publicKey: key.publicKeyPem });
    expect(key.verify(Buffer.from(sha256(archive)), archiveSignature)).toBe(true);
  });

  test('collected twice is kept once', async () => {
    const ref = await finished();
    await collect(ref);
    const before = await rowOf(ref);
    await collect(ref);
    expect(await rowOf(ref)).toEqual(before);
    expect(sha256(await bytesOf(`models/${ref.id}/model.zip`))).toBe(before?.archive_hash);
  });

  test('collected by two at once, or again after a kill, is the same to the byte', async () => {
    const ref = await finished();
    const { models } = ground.dependencies.stores;
    const { insert, findByJob } = models;
    models.insert = async () => {
      throw new Error('killed');
    };
    await expect(collect(ref)).rejects.toThrow('killed');
    models.insert = insert;
    const first = sha256(await bytesOf(`models/${ref.id}/model.zip`));
    ground.clock.atMs = Date.now() + 3_600_000;
    await collect(ref);
    expect((await rowOf(ref))?.archive_hash).toBe(first);
    // One that looked before the row was there, and comes to its end after.
    models.findByJob = async () => undefined;
    await collect(ref);
    Object.assign(models, { findByJob });
    ground.clock.atMs = undefined;
    expect(sha256(await bytesOf(`models/${ref.id}/model.zip`))).toBe((await rowOf(ref))?.archive_hash);
  });

  test('of which a file is not named in done.json was not handed in', async () => {
    const { 'report.html': page, ...others } = files;
    const ref = await finished(others);
    objectsOf(ground, ref).set('attempts/1/out/report.html', page as Buffer);
    await expect(collect(ref)).rejects.toMatchObject({
      type: 'TrainerBug',
      message: 'The machine handed in no report.html.',
    });
    expect(await rowOf(ref)).toBeUndefined();
    expect(await ground.dependencies.store.list(`models/${ref.id}/`)).toEqual([]);
  });

  test('without a done.json is no model, whatever lies there', async () => {
    const ref = await finished();
    objectsOf(ground, ref).delete('attempts/1/done.json');
    await expect(collect(ref)).rejects.toMatchObject({
      type: 'TrainerBug',
      message: 'The machine said it had finished, but its upload is not there.',
    });
  });

  test('that arrived damaged is fetched again, and the page says so meanwhile', async () => {
    const ref = await finished();
    const objects = objectsOf(ground, ref);
    const whole = objects.get('attempts/1/out/model.zip') as Buffer;
    objects.set('attempts/1/out/model.zip', whole.subarray(1));
    const collecting = collect(ref);
    const sentence = async () => (await ground.dependencies.stores.jobs.find(ref.id))?.sentence;
    while (!(await sentence())?.includes('arrived damaged')) await sleep(20);
    expect(await rowOf(ref)).toBeUndefined();
    objects.set('attempts/1/out/model.zip', whole);
    await collecting;
    expect(await rowOf(ref)).toBeDefined();
  });

  test('that lies damaged in its bucket is given up, with its reason', async () => {
    const ref = await finished();
    objectsOf(ground, ref).set('attempts/1/out/model.zip', Buffer.from('half'));
    const said: string[] = [];
    const say = async (sentence: string) => said.push(sentence);
    const fetching = collectorOf(ground.cloud, ref, ground.dependencies.folder, { say, pausesMs: [1, 1] });
    await expect(fetching('model.zip')).rejects.toMatchObject({
      type: 'ResultDamaged',
      message: expect.stringContaining('model.zip has not the checksum'),
    });
    expect(said).toHaveLength(2);
  });

  test('of an earlier attempt is not taken for that of the last', async () => {
    const first = await finished();
    await expect(collect({ ...first, attempt: 2 })).rejects.toMatchObject({ type: 'TrainerBug' });
  });
});

describe('predictions', () => {
  async function predicted(
    csv = `id,prediction\n${[1, 2, 3].map((id) => `${id},=yes${id}`).join('\n')}\n`,
  ): Promise<AttemptRef> {
    const datasetId = await uploaded(ground, csv);
    const { store, stores } = ground.dependencies;
    const dataset = await stores.datasets.find(datasetId);
    const { holder } = await ground.acceptPrediction({ datasetId });
    const ref = { ...holder, attempt: 1 };
    await ground.activities.createBucket(holder);
    for (const phase of ['preparing', 'provisioning', 'training', 'collecting'] as const) {
      await stores.predictions.enterPhase(holder.id, phase, '', 1);
    }
    handIn(ground, ref, { 'predictions.parquet': readFileSync(parquetPath(store, dataset?.content_hash)) });
    return ref;
  }
  const parquetPath = (store: Ground['dependencies']['store'], hash?: string) =>
    store.path?.(`datasets/${hash}/data.parquet`) ?? '';
  const collect = (ref: AttemptRef) => ground.activities.collectPrediction(ref);
  const rowOf = ({ id }: AttemptRef) => ground.dependencies.stores.predictions.find(id);

  test('say how many rows a step of the recipe left out', async () => {
    const ref = await predicted('id,prediction,not_scored\n1,yes,\n2,,too old\n3,,too old\n');
    await collect(ref);
    expect(JSON.parse((await rowOf(ref))?.preview_json ?? '')).toMatchObject({ notScored: 2 });
  });

  test('are kept as Parquet and CSV with their first rows, once, however often they are collected', async () => {
    const ref = await predicted();
    await collect(ref);
    const row = await rowOf(ref);
    expect(row).toMatchObject({ row_count: 3 });
    expect(JSON.parse(row?.preview_json ?? '').rows).toEqual([
      ['1', '=yes1'],
      ['2', '=yes2'],
      ['3', '=yes3'],
    ]);
    const parquet = await bytesOf(`predictions/${ref.id}/predictions.parquet`);
    expect(row?.output_hash).toBe(sha256(parquet));
    // What a spreadsheet would take for a formula is text in the download.
    expect((await bytesOf(`predictions/${ref.id}/predictions.csv`)).toString()).toContain("1,'=yes1");
    await collect(ref);
    const { version: _, ...again } = (await rowOf(ref)) ?? ({} as never);
    expect(row).toMatchObject(again);
    expect(await ground.dependencies.store.list(`predictions/${ref.id}/`)).toHaveLength(2);
  });

  test('that arrive damaged are fetched again, and nothing of them is kept before', async () => {
    const ref = await predicted();
    const objects = objectsOf(ground, ref);
    const whole = objects.get('attempts/1/out/predictions.parquet') as Buffer;
    objects.set('attempts/1/out/predictions.parquet', Buffer.from('PAR1'));
    const collecting = collect(ref);
    while (!(await rowOf(ref))?.sentence?.includes('arrived damaged')) await sleep(20);
    expect(await rowOf(ref)).toMatchObject({ row_count: null, output_hash: null });
    expect(await ground.dependencies.store.list(`predictions/${ref.id}/`)).toEqual([]);
    objects.set('attempts/1/out/predictions.parquet', whole);
    await collecting;
    expect(await rowOf(ref)).toMatchObject({ row_count: 3 });
  });

  test('are left by predictions only, and models by jobs only', async () => {
    const job = { ...(await ground.jobIn('collecting')), attempt: 1 };
    await expect(collect(job)).rejects.toMatchObject({ type: 'Bug' });
    await expect(ground.activities.collectModel(await predicted())).rejects.toMatchObject({ type: 'Bug' });
  });
});
