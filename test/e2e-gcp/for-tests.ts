import { whyNoTerraform } from '../infra/gcp/provider.ts';
import { yardDatabase } from '../e2e/yard-database.ts';
import { countOnGoogle } from './google-jobs.ts';
import { type GoogleYard, type GoogleYardOptions, openGoogleYard } from './open-google-yard.ts';

/**
 * The yard of one file of tests, opened while that is loaded, because tests that run side by side are begun before any
 * hook. Undefined where there is no Terraform or no simulation: then they are skipped, in the open.
 */
export async function yardForTests(options: GoogleYardOptions) {
  const why = await whyNoTerraform();
  const opened = why === undefined ? await openGoogleYard(options) : undefined;
  afterAll(() => opened?.close(), 60_000);
  const yard = (): GoogleYard => {
    if (!opened) throw new Error(why);
    return opened;
  };
  return {
    /** These mostly wait, and do it side by side in one yard. */
    together: opened ? test.concurrent : test.skip,
    alone: opened ? test : test.skip,
    yard,
    database: () => yardDatabase(yard().yard.dataFolder),
  };
}

type Counting = Parameters<typeof countOnGoogle>[2];

/** Accepts jobs of the trainer that counts, all of one small dataset. */
export async function countingIn(yard: () => GoogleYard): Promise<(job?: Counting) => Promise<string>> {
  const rows = Array.from({ length: 10 }, (_, row) => `${row},${'ab'[row % 2]}`);
  let dataset: Promise<{ id: string }> | undefined;
  return async (job) => {
    dataset ??= yard().api.upload('counted.csv', ['x,y', ...rows, ''].join('\n'));
    return countOnGoogle(yard(), (await dataset).id, job);
  };
}
