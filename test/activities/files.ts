import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelRow } from '../../db/tables.ts';
import { type AttemptRef, bucketNameOf, type Holder } from '../../domain/ids.ts';
import { madeModel } from './dependencies.ts';
import type { Ground } from './ground.ts';

export const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');

/** A dataset as an upload makes it: the file itself, the Parquet made from it, and its row. */
export async function uploaded({ dependencies }: Pick<Ground, 'dependencies'>, csv: string): Promise<string> {
  const { data, store, stores, folder } = dependencies;
  const work = mkdtempSync(join(folder, 'upload-'));
  const [path, parquet] = [join(work, 'data.csv'), join(work, 'data.parquet')] as const;
  writeFileSync(path, csv);
  const { contentHash, bytes, profile } = await data.ingest({ path, name: 'data.csv', toParquet: parquet });
  await store.put(`datasets/${contentHash}/original`, path);
  await store.put(`datasets/${contentHash}/data.parquet`, parquet);
  rmSync(work, { recursive: true });
  const id = randomUUID();
  await stores.datasets.insert({
    ...{ id, workspace_id: 'default', owner: 'tester', name: 'data.csv', content_hash: contentHash, bytes },
    ...{ row_count: profile.rows, column_count: profile.columns.length, profile_json: JSON.stringify(profile) },
    created_at_ms: Date.now(),
  });
  return id;
}

/** A model that was made here, as collecting it leaves it, except that nobody can load it. */
export async function keptModel(
  { dependencies }: Pick<Ground, 'dependencies'>,
  columns: [name: string, sqlType: string][],
  archive = 'an archive',
): Promise<ModelRow> {
  const { key, store } = dependencies;
  const model = await madeModel(dependencies, {
    archive_hash: sha256(archive),
    signature_json: JSON.stringify({
      keyId: key.keyId,
      archiveSignature: key.sign(Buffer.from(sha256(archive))),
    }),
    input_schema_json: JSON.stringify([
      ...columns.map(([name, sqlType]) => ({ name, sqlType, role: 'feature' })),
      { name: 'y', sqlType: 'BIGINT', role: 'label' },
    ]),
  });
  await store.putText(`models/${model.id}/model.zip`, archive);
  return model;
}

export function objectsOf(ground: Ground, holder: Holder): Map<string, Buffer> {
  const bucket = ground.cloud.buckets.get(bucketNameOf(holder));
  if (!bucket) throw new Error('There is no bucket.');
  return bucket.objects;
}

/** As a runner uploads it: the files, and last the list of them with their checksums. */
export function handIn(ground: Ground, ref: AttemptRef, files: Record<string, string | Buffer>): void {
  const objects = objectsOf(ground, ref);
  for (const [name, content] of Object.entries(files)) {
    objects.set(`attempts/${ref.attempt}/out/${name}`, Buffer.from(content));
  }
  const sums = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, sha256(content)]));
  objects.set(`attempts/${ref.attempt}/done.json`, Buffer.from(JSON.stringify({ files: sums })));
}

/** The rows of a Parquet file in a holder's bucket. */
export async function rowsIn(ground: Ground, holder: Holder, object: string) {
  const { data, folder } = ground.dependencies;
  const path = join(folder, `${randomUUID()}.parquet`);
  await ground.cloud.getObject(holder, object, path);
  const { rows } = await data.jsonRows({ parquet: path, limit: 100 });
  rmSync(path);
  return rows;
}
