import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import { cloudNamed, type Dependencies } from '../dependencies.ts';
import { compareLedger, type LedgerReport } from './compare-ledger.ts';
import { placeFreer } from './free-places.ts';
import { preparationMender } from './mend-preparations.ts';
import { sweepMender } from './mend-sweeps.ts';
import { seamMender } from './mend-seams.ts';
import { retireDatasets } from './retire-datasets.ts';
import { retireLogs } from './retire-logs.ts';
import { retireOutputs } from './retire-outputs.ts';
import { datasetSweeper } from './sweep-datasets.ts';
import { sweepScratch } from './sweep-scratch.ts';
import { storeSweeper } from './sweep-store.ts';

const passEveryMs = 5000;
/** The cloud's own listing costs calls there, and orphans are rare: less often than the seams. */
const ledgerEveryMs = 60_000;
const stayMs = 3_600_000;

/** One pass over every seam between database, Temporal and cloud. A seam that fails does not keep the others open. */
export function reconciler(dependencies: Dependencies, log: Logger) {
  const mendSeams = seamMender(dependencies);
  const mendPreparations = preparationMender(dependencies);
  const mendSweeps = sweepMender(dependencies);
  const freePlaces = placeFreer(dependencies);
  const sweepDatasets = datasetSweeper(dependencies);
  const sweepStore = storeSweeper(dependencies);
  const ledgerAtMs = new Map<string, number>();

  const attempt = async (what: string, act: () => Promise<unknown>) => {
    try {
      await act();
    } catch (error) {
      log.warn({ err: error, seam: what }, 'a seam could not be mended in this pass; the next one tries again');
    }
  };

  return async function reconcile(cloudName: string): Promise<void> {
    const cloud = cloudNamed(dependencies, cloudName);
    await attempt('workflows', mendSeams);
    await attempt('preparations', mendPreparations);
    await attempt('sweeps', mendSweeps);
    await attempt('places', () => freePlaces(cloud));
    if (dependencies.now() - (ledgerAtMs.get(cloudName) ?? 0) < ledgerEveryMs) return;
    ledgerAtMs.set(cloudName, dependencies.now());
    await attempt('logs', () => retireLogs(dependencies));
    await attempt('outputs', () => retireOutputs(dependencies));
    await attempt('datasets', () => retireDatasets(dependencies));
    await attempt('dataset files', sweepDatasets);
    await attempt('files without a row', sweepStore);
    await attempt('scratch', () => sweepScratch(dependencies));
    await attempt('ledger', async () => say(log, cloudName, await compareLedger(dependencies, cloud)));
  };
}

function say(log: Logger, cloud: string, { orphans, unknown, onlyReported, problems }: LedgerReport): void {
  const names = (things: LedgerReport['orphans']) => things.map((thing) => `${thing.kind} ${thing.name}`);
  if (unknown.length > 0) {
    log.error({ cloud, names: names(unknown) }, 'found without a row in the database; reported, not removed');
  }
  const stuck = new Set(problems.map(({ name }) => name));
  const removed = names(orphans).filter((name) => !stuck.has(name));
  if (onlyReported && orphans.length > 0) {
    log.error({ cloud, names: names(orphans) }, 'left by who is done; only reported, since the ledger was restored');
  } else if (removed.length > 0) log.warn({ cloud, names: removed }, 'left by who is done, and removed');
  if (problems.length === 0) return;
  const errors = problems.map(({ error }) => error);
  throw new AggregateError(errors, `Not removed or struck off on ${cloud}: ${[...stuck].join(', ')}`);
}

export function reconcileActivities(reconcile: (cloud: string) => Promise<void>) {
  return {
    /** Safe to retry: every pass looks at what is there now. Stays for an hour, beating, so that history stays short. */
    async reconcileForAWhile(cloud: string): Promise<void> {
      const context = Context.current();
      const until = Date.now() + stayMs;
      while (Date.now() < until && !context.cancellationSignal.aborted) {
        await reconcile(cloud);
        await context.sleep(passEveryMs);
      }
    },
  };
}
