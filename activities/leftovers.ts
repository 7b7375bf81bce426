import type { AttemptRef, Holder } from '../domain/ids.ts';
import type { Dependencies } from './dependencies.ts';
import { cloudOf, worksOf } from './holders.ts';
import { isKept } from './kept.ts';
import { collectModel } from './models.ts';
import { collectPrediction } from './predictions.ts';

/** What a machine hands in when it has a result, by what it worked for. */
const resultOf = { job: 'model.zip', prediction: 'predictions.parquet' } as const;

/** For work whose own workflow cannot collect any more: what a machine had finished is not thrown away with it. */
export function leftoverActivities(dependencies: Dependencies) {
  const { stores } = dependencies;

  /** Handed in completely, and not by a trainer that then said it had failed. */
  const hasResult = async (ref: AttemptRef): Promise<boolean> => {
    const { cloud } = await cloudOf(dependencies, ref);
    const done = await cloud.getText(ref, `attempts/${ref.attempt}/done.json`);
    if (!done || !(JSON.parse(done) as { files: Record<string, string> }).files[resultOf[ref.kind]]) return false;
    const said = (await stores.relays.get(ref))?.terminal_json;
    return !said || (JSON.parse(said) as { type: string }).type !== 'failed';
  };

  return {
    /** Safe to retry: what was collected is found again. Answers whether there is a result now. */
    async collectLeftovers(request: Holder & { attempts: number[] }): Promise<boolean> {
      const holder = { kind: request.kind, id: request.id };
      if (await isKept(dependencies, holder)) return true;
      for (const attempt of request.attempts.toSorted((a, b) => b - a)) {
        const ref = { ...holder, attempt };
        if (!(await hasResult(ref))) continue;
        await worksOf(stores, holder.kind).say(holder.id, 'Taking in what its machine had finished.');
        const collect = holder.kind === 'job' ? collectModel : collectPrediction;
        await collect(dependencies, ref, 'releasing');
        return true;
      }
      return false;
    },
  };
}
