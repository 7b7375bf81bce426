/**
 * A CSV of 5 GB goes up as the command line sends it, over a line that breaks thirty times and a web server that is killed
 * in the middle: the ratio is what had to be sent over what the file is. It has to become the dataset of the very file.
 *
 * `--gigabytes 0.2` takes a smaller file, to try it; `--breaks` and `--seed` say how often and where the line breaks. Needs
 * three and a half times the size of the file on disk.
 */
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { apiClient } from '../cli/client.ts';
import { uploadFile } from '../cli/upload-file.ts';
import { datasetFiles } from '../domain/dataset-files.ts';
import { openRunningYard } from '../test/e2e/running-yard.ts';
import type { DatasetDetail } from '../web/services/views.ts';
import { openBreakingLine } from './breaking-line.ts';
import { makeCustomers } from './made-customers.ts';
import { numbersFrom } from './numbers-from.ts';
import { say } from './report.ts';
import { watchMemory } from './watch-memory.ts';

const { values: flags } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '5' },
    breaks: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
  },
});
/** Each break costs at most what had left this side and was not written on the other; a kill a second's worth. */
const limit = 1.05;
/** What the web process may have in memory, however large the file is; what is read is read in a child of it. */
const limitMemoryMb = 512;

const folder = mkdtempSync(join(tmpdir(), 'trainyard-bench-upload-'));
const csv = join(folder, 'made.csv');
const { rows, bytes } = await makeCustomers(csv, Number(flags.gigabytes) * 1000);
const sha256 = await sha256Of(csv);
say(`${(bytes / 1e9).toFixed(2)} GB of CSV, ${rows.toLocaleString('en-US')} rows, sha256 ${sha256.slice(0, 12)}…`);

const yard = await openRunningYard({
  // 10 GB by default; a larger file needs more here, as it does of whoever uploads one.
  TRAINYARD_UPLOAD_LIMIT_MB: String(Math.max(10_240, Math.ceil(bytes / 1_048_576))),
});
const random = numbersFrom(Number(flags.seed));
const line = await openBreakingLine({
  port: Number(new URL(yard.url).port),
  breaksAt: Array.from({ length: Number(flags.breaks) }, () => Math.floor(random() * bytes)),
  also: { at: Math.floor((0.3 + random() * 0.4) * bytes), act: killWeb },
});
const webMemory = watchMemory(() => numbersOf(yard.pidOf('web')));
const readerMemory = watchMemory(() => numbersOf(yard.pidOf('web')).flatMap(childrenOf));
const says = narrate();
let ok = false;
try {
  const client = apiClient(line.url);
  const began = performance.now();
  const upload = await uploadFile(client, { file: csv, options: {}, onProgress: says });
  const seconds = (performance.now() - began) / 1000;
  if (upload.datasetId === null) throw new Error(`It was refused: ${JSON.stringify(upload.failure)}`);
  const dataset = await client.get<DatasetDetail>(`/api/v1/datasets/${upload.datasetId}`);
  const [web, reader] = [webMemory(), readerMemory()];
  const kept = join(yard.dataFolder, 'store', datasetFiles({ content_hash: sha256, table_name: 'data' }).original);
  const figures = {
    gigabytes: Number((bytes / 1e9).toFixed(2)),
    seconds: Number(seconds.toFixed(0)),
    breaks: line.broken(),
    kills: line.alsoDone() ? 1 : 0,
    againMegabytes: Number(((line.sent() - bytes) / 1e6).toFixed(1)),
    webMegabytes: Math.ceil(web),
    readerMegabytes: Math.ceil(reader),
    sameFile: dataset.contentHash === sha256 && dataset.rows === rows && (await sha256Of(kept)) === sha256,
  };
  const ratio = Number((line.sent() / bytes).toFixed(4));
  ok =
    figures.sameFile &&
    ratio <= limit &&
    web > 0 &&
    web <= limitMemoryMb &&
    figures.breaks === Number(flags.breaks) &&
    figures.kills === 1;
  say(`${figures.breaks} breaks and ${figures.kills} kill: ${figures.againMegabytes} MB were sent again`);
  say(
    `the web process had at most ${figures.webMegabytes} MB in memory, what reads files ${figures.readerMegabytes} MB`,
  );
  say(`what is kept is ${figures.sameFile ? '' : 'not '}the file that was sent, by its sha256 and its rows`);
  process.stdout.write(`${JSON.stringify({ bench: 'upload', ratio, limit, ok, figures })}\n`);
} finally {
  webMemory();
  readerMemory();
  await line.close();
  await yard.remove();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = ok ? 0 : 1;

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function killWeb(): void {
  say('the web server is killed');
  yard.killHard('web');
}

function numbersOf(pid: number | undefined): number[] {
  return pid === undefined ? [] : [pid];
}

/** What reads files for it. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    // Gone meanwhile, or a system without /proc.
    return [];
  }
}

/** Every tenth of the file, and what is not a part of it that came. */
function narrate(): (sentence: string) => void {
  const began = performance.now();
  let told = -1;
  return (sentence) => {
    const percent = /^(\d+) %$/.exec(sentence)?.[1];
    const tenth = Math.floor(Number(percent) / 10);
    if (percent !== undefined && tenth <= told) return;
    if (percent !== undefined) told = tenth;
    say(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${sentence}`);
  };
}
