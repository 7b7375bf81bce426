import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TrainyardError } from '../domain/failures.ts';
import type { AttemptRef } from '../domain/ids.ts';
import type { Phase } from '../domain/phases.ts';
import type { Cloud } from '../infra/cloud.ts';
import type { Dependencies } from './dependencies.ts';
import { cloudOf } from './holders.ts';
import { endIfCancelled, keepDuring } from './kept.ts';
import { costToReport, pageWithCost, withCost } from './report-cost.ts';
import { inScratch } from './scratch.ts';
import { type ModelSignature, sha256Of } from './trusted-model.ts';

interface Report {
  metric: { name: string };
  best: { validation: number | null; test: number | null };
  /** Files beside the archive; models of earlier versions say nothing of them. */
  extras?: { name: string }[];
}

const extraName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/;

interface Column {
  name: string;
  sqlType: string;
}

/** What a model says of its input: the columns that it needs, and the label that it predicts, or several of them. */
type InputSchema = { columns: Column[] } & ({ label: Column } | { labels: Column[] });

function columnsOf({ columns, ...predicted }: InputSchema) {
  const labels = 'labels' in predicted ? predicted.labels : [predicted.label];
  return [
    ...columns.map(({ name, sqlType }) => ({ name, sqlType, role: 'feature' })),
    ...labels.map(({ name, sqlType }) => ({ name, sqlType, role: 'label' })),
  ];
}

export function modelActivities(dependencies: Dependencies) {
  return {
    /** Safe to retry: a model has the id of its job, its objects are replaced whole, its row is inserted once. */
    collectModel: (ref: AttemptRef) => collectModel(dependencies, ref, 'collecting'),
  };
}

/** Only while its job is in the phase of whoever collects it. */
export async function collectModel(dependencies: Dependencies, request: AttemptRef, during: Phase): Promise<void> {
  const { stores, store, key, now } = dependencies;
  const ref = { kind: request.kind, id: request.id, attempt: request.attempt };
  const { cloud, work } = await cloudOf(dependencies, ref);
  if (work.kind !== 'job') throw new TrainyardError('Bug', 'Only a job leaves a model.');
  const { spec } = work;
  if (await stores.models.findByJob(spec.id)) return;
  // The end of its machine and not the time now: collected again, the archive must be the same to the byte, since
  // whoever loads it compares.
  const attempt = await stores.attempts.get(ref);
  const signedAt = new Date(attempt?.ended_at_ms ?? now()).toISOString();
  await inScratch(dependencies, async (folder) => {
    const fetch = collectorOf(cloud, ref, folder, {
      say: (sentence) => stores.jobs.say(ref.id, sentence),
    });
    const archive = await fetch('model.zip');
    const manifest = await fetch('manifest.json');
    const report = await fetch('report.json');
    const page = await fetch('report.html');
    const schema = await fetch('input-schema.json');

    const manifestBytes = await readFile(manifest);
    const signature: ModelSignature = {
      keyId: key.keyId,
      signature: key.sign(manifestBytes),
      manifestSha256: createHash('sha256').update(manifestBytes).digest('hex'),
      signedAt,
    };
    const signaturePath = join(folder, 'signature.json');
    await writeFile(signaturePath, JSON.stringify({ ...signature, publicKey: key.publicKeyPem }, null, 2));
    await dependencies.runTrainerTool(['seal', '--archive', archive, '--signature', signaturePath]);

    endIfCancelled();
    const base = `models/${spec.id}`;
    await store.put(`${base}/manifest.json`, manifest);
    await store.put(`${base}/model.zip`, archive);
    // The one in the archive stays as it was signed; what lies beside it also says what it cost.
    const cost = await costToReport(dependencies, ref, { isFinal: false });
    const reportText = withCost(await readFile(report, 'utf8'), cost);
    await store.putText(`${base}/report.json`, reportText);
    await store.putText(`${base}/report.html`, pageWithCost(await readFile(page, 'utf8'), cost));
    const { metric, best, extras = [] } = JSON.parse(reportText) as Report;
    for (const { name } of extras) {
      if (!extraName.test(name)) throw new TrainyardError('TrainerBug', `“${name}” is no name for a file of a model.`);
      await store.put(`${base}/extras/${name}`, await fetch(`extras/${name}`));
    }
    const archiveHash = await sha256Of(archive);
    const archiveSignature = key.sign(Buffer.from(archiveHash));
    const row = {
      id: spec.id,
      workspace_id: spec.workspaceId,
      owner: spec.owner,
      job_id: spec.id,
      name: spec.name,
      engine: spec.engine.name,
      archive_hash: archiveHash,
      archive_bytes: (await stat(archive)).size,
      signature_json: JSON.stringify({ ...signature, archiveSignature }),
      input_schema_json: JSON.stringify(columnsOf(JSON.parse(await readFile(schema, 'utf8')) as InputSchema)),
      report_json: reportText,
      metric: metric.name,
      validation_score: best.validation,
      test_score: best.test,
      created_at_ms: now(),
    };
    endIfCancelled();
    await keepDuring(dependencies, { kind: ref.kind, id: ref.id }, during, (trx) => stores.models.insert(row, trx));
  });
}

interface Fetching {
  /** Shown while it is tried again. */
  say?: (sentence: string) => Promise<unknown>;
  pausesMs?: readonly number[];
}

/** A connection that damages what it carries may get better within a minute; a file that lies there damaged does not. */
const pausesBeforeAgainMs = [1000, 5000, 15_000, 30_000];

/** Fetches what a machine uploaded: only what its `done.json` names counts, and only with the checksum named there. */
export function collectorOf(cloud: Cloud, ref: AttemptRef, folder: string, { say, pausesMs }: Fetching = {}) {
  const base = `attempts/${ref.attempt}`;
  const pauses = pausesMs ?? pausesBeforeAgainMs;
  let files: Record<string, string> | undefined;
  return async (name: string): Promise<string> => {
    if (!files) {
      const done = await cloud.getText(ref, `${base}/done.json`);
      if (!done)
        throw new TrainyardError('TrainerBug', 'The machine said it had finished, but its upload is not there.');
      files = (JSON.parse(done) as { files: Record<string, string> }).files;
    }
    const expected = files[name];
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    for (const pauseMs of [...pauses, null]) {
      endIfCancelled();
      if (!expected || !(await cloud.getObject(ref, `${base}/out/${name}`, path))) {
        throw new TrainyardError('TrainerBug', `The machine handed in no ${name}.`);
      }
      if ((await sha256Of(path)) === expected) return path;
      if (pauseMs === null) break;
      await say?.(`${name} arrived damaged from its bucket; it is fetched again.`);
      await sleep(pauseMs);
    }
    throw new TrainyardError(
      'ResultDamaged',
      `What its machine handed in lies damaged in its bucket: ${name} has not the checksum that it was uploaded with.`,
    );
  };
}
