import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { idx } from '../data/images/image-files.ts';
import { zipOf } from '../data/zip-fixture.ts';
import { apiAt } from '../e2e/api.ts';
import { readZip } from '../e2e/read-zip.ts';
import { openRunningYard, type RunningYard, waitFor } from '../e2e/running-yard.ts';

const sample = join(import.meta.dirname, '../../trainer-image/samples/digits.npz');
const pixels = 64;
/** The rest is predicted. */
const learned = 1400;

let yard: RunningYard;
let api: ReturnType<typeof apiAt>;

beforeAll(async () => {
  yard = await openRunningYard();
  api = apiAt(yard.url);
}, 120_000);
afterAll(async () => {
  await yard?.remove();
}, 60_000);

/** The values of an array of NumPy, behind its head. */
function valuesOf(npy: Buffer | undefined): Buffer {
  if (npy === undefined) throw new Error('The sample has another array.');
  return npy.subarray(10 + npy.readUInt16LE(8));
}

/** The digits from one row to another, as the two files of MNIST. */
function digits(from: number, to: number): { images: Buffer; labels: Buffer; truth: number[] } {
  const arrays = readZip(readFileSync(sample));
  const shades = valuesOf(arrays.get('x.npy')).subarray(from * pixels, to * pixels);
  const wholes = valuesOf(arrays.get('y.npy'));
  const truth = Array.from({ length: to - from }, (_, row) => Number(wholes.readBigInt64LE((from + row) * 8)));
  return { images: idx([to - from, 8, 8], shades), labels: idx([to - from], Buffer.from(truth)), truth };
}

async function upload(name: string, bytes: Buffer): Promise<string> {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(bytes)]), name);
  const init = { method: 'POST', body: form, headers: { 'x-trainyard': '1' } };
  return (await api.json<{ id: string }>('/datasets', init)).id;
}

test('digits as packed IDX files are learned by a network, and plain ones are predicted', async () => {
  const known = digits(0, learned);
  const packed = zipOf({
    'train-images-idx3-ubyte.gz': gzipSync(known.images),
    'train-labels-idx1-ubyte.gz': gzipSync(known.labels),
  });
  const id = crypto.randomUUID();
  await api.post('/jobs', {
    id,
    name: 'digits as IDX',
    datasetId: await upload('mnist-like.zip', packed),
    task: { kind: 'multiclass', labels: ['label'], metric: 'accuracy' },
    engine: { name: 'torch', settings: { preset: 'mnist', learning_rate: 0.003 } },
    limits: { trainingSeconds: 300 },
  });
  expect(await api.done(id, 250)).toMatchObject({ outcome: 'succeeded' });
  const report = await api.json<{ best: { test: number; model: string } }>(`/models/${id}/report?format=json`);
  expect(report.best.model).toMatch(/^Convolutional network/);
  expect(report.best.test).toBeGreaterThan(0.9);

  const unseen = digits(learned, 1797);
  const plain = zipOf({ 't10k-images-idx3-ubyte': unseen.images, 't10k-labels-idx1-ubyte': unseen.labels });
  const datasetId = await upload('unseen.zip', plain);
  const { prediction } = await api.post<{ prediction: { id: string } }>(`/jobs/${id}/predict`, { datasetId });
  const detail = () => api.json<{ phase: string; outcome: string | null }>(`/predictions/${prediction.id}`);
  await waitFor('it has predicted', async () => (await detail()).phase === 'done', 90);
  const rows = await api.json<Record<string, unknown>[]>(`/predictions/${prediction.id}/output?format=json`);
  expect(rows.map((row) => Number(row['label']))).toEqual(unseen.truth);
  const right = rows.filter((row, at) => Number(row['label_predicted']) === unseen.truth[at]).length;
  expect(right / rows.length).toBeGreaterThan(0.85);
}, 450_000);
