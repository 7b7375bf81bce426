import { createHash } from 'node:crypto';
import type { Trx } from '../db/database.ts';
import type { AttemptRow, JobRow, SweepRow } from '../db/tables.ts';
import { TrainyardError } from '../domain/failures.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import type { Micros } from '../domain/money.ts';
import { type SweepSpec, type Trial, trialName } from '../domain/sweep.ts';
import { nextStep, type SweepEnd, type SweepStep, type TrialFact } from '../domain/sweep-steps.ts';
import { worstPricesOf } from '../domain/prices.ts';
import { mostMicros } from '../domain/worst-case.ts';
import { cloudNamed, type Dependencies } from './dependencies.ts';
import { goneMeanwhile } from './gone-meanwhile.ts';

type Needs = Pick<Dependencies, 'stores' | 'clouds' | 'work' | 'now' | 'freeBytes' | 'lowDiskBytes'>;

export function sweepActivities(dependencies: Needs) {
  const { stores, work, now } = dependencies;
  return {
    /**
     * Safe to retry, and to run twice at once: what comes next is decided and written down in one transaction that holds
     * the sweep, a trial has the id of its number, and starting its workflow twice is the same as once.
     */
    async advanceSweep({
      id,
      asked,
    }: {
      id: string;
      asked: 'cancel' | 'stop' | null;
    }): Promise<{ end: SweepEnd | null }> {
      const row = await stores.sweeps.find(id);
      if (!row) throw new TrainyardError('NotFound', `There is no sweep ${id} in the database.`);
      // Who wants it to end does not wait for a cloud that does not answer: no further trial is weighed.
      const worst = askedOf(row, asked) === null ? await worstOfTrial(dependencies, row) : { micros: 0, blocked: null };
      const isFull = (await dependencies.freeBytes()) < dependencies.lowDiskBytes;
      const step = await stores.database.transaction((trx) => decide(dependencies, { id, asked, worst, isFull }, trx));
      if (step.end) return { end: step.end };
      const open = (await stores.jobs.ofSweep(id)).filter(({ phase }) => phase !== 'done');
      // Also those of a step that was interrupted here; one that exists is fine.
      if (!step.cancels) {
        for (const trial of open) if (trial.started_at_ms === null) await work.startJob(JSON.parse(trial.spec_json));
      } else await cancelTrials(dependencies, open);
      if (step.isWaitingForDisk) {
        await stores.sweeps.say(id, 'The disk is nearly full; no trial is begun until there is room.');
        throw new TrainyardError('DiskFull', 'The disk is nearly full; no trial of a sweep is begun.');
      }
      return { end: null };
    },
  };

  async function decide(
    needs: Needs,
    given: { id: string; asked: 'cancel' | 'stop' | null; worst: Worst; isFull: boolean },
    trx: Trx,
  ): Promise<SweepStep & { isWaitingForDisk: boolean }> {
    const row = await stores.sweeps.hold(given.id, trx);
    if (!row || row.outcome !== null) return over(row);
    await stores.sweeps.markStarted(row.id, now(), trx);
    const spec = JSON.parse(row.spec_json) as SweepSpec;
    const attempts = Map.groupBy(await stores.attempts.ofSweep(row.id, trx), ({ holder_id }) => holder_id);
    const trials = (await stores.jobs.ofSweep(row.id, trx)).map((job) => factOf(job, attempts.get(job.id) ?? [], spec));
    const state = { trials, asked: askedOf(row, given.asked), worstMicros: given.worst.micros };
    let step = nextStep(spec, { ...state, blocked: given.worst.blocked });
    const [first] = step.begin;
    if (first && given.isFull) {
      step = { ...step, begin: [], end: null };
      return { ...step, isWaitingForDisk: true };
    }
    const gone = first && (await goneMeanwhile(needs.stores, trialSpec(spec, first), trx));
    if (gone) step = nextStep(spec, { ...state, blocked: `what it needs is gone. ${gone.message}` });
    for (const trial of step.begin) {
      const order = {
        idempotencyKey: null,
        requestHash: null,
        nowMs: now(),
        worstMicros: given.worst.micros,
        trial: { sweepId: row.id, number: trial.number },
      };
      await stores.jobs.insert(trialSpec(spec, trial), order, trx);
    }
    if (step.end) await stores.sweeps.close(row.id, { ...step.end, nowMs: now() }, trx);
    else await stores.sweeps.say(row.id, step.sentence, trx);
    return { ...step, isWaitingForDisk: false };
  }
}

/** Cancels as a person would: kept in the database first, so that reconcile tells it when nobody can be told now. */
export async function cancelTrials(
  { stores, work, now }: Pick<Dependencies, 'stores' | 'work' | 'now'>,
  open: readonly JobRow[],
): Promise<void> {
  for (const { id, workspace_id, attempt } of open) {
    if (!(await stores.jobs.askCancel(workspace_id, id, now()))) continue;
    const entry = { kind: 'asked', attempt, text: 'Its sweep is cancelled', dedupeKey: 'asked-cancel' } as const;
    await stores.timeline.add({ holder: { kind: 'job', id }, ...entry, atMs: now() });
    await work.cancel({ kind: 'job', id });
  }
}

/** The same trial is the same job, for ever: beginning it twice is once. */
export function trialJobId(sweepId: string, number: number): string {
  const hash = createHash('sha256').update(`trial\n${sweepId}\n${number}`).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/** The job that a trial is: the base, with its own settings and seed. */
export function trialSpec({ id, workspaceId, owner, name, base }: SweepSpec, trial: Trial): JobSpec {
  return {
    ...base,
    id: trialJobId(id, trial.number),
    workspaceId,
    owner,
    name: trialName(name, trial.number),
    engine: { name: base.engine.name, settings: { ...base.engine.settings, ...trial.settings } },
    split: { ...base.split, seed: trial.seed },
  };
}

interface Worst {
  micros: Micros;
  blocked: string | null;
}

/** By the prices of now: what was checked when it was accepted may be dearer by the time of the last trial. */
async function worstOfTrial(dependencies: Pick<Dependencies, 'clouds'>, row: SweepRow): Promise<Worst> {
  const { base } = JSON.parse(row.spec_json) as SweepSpec;
  const types = await cloudNamed(dependencies, base.machine.cloud).machineTypes();
  const machine = types.find(({ name }) => name === base.machine.type);
  if (machine) {
    return { micros: mostMicros(base.limits, worstPricesOf(machine, base.machine.spot, types)), blocked: null };
  }
  return { micros: 0, blocked: `there is no machine type “${base.machine.type}” any more` };
}

/** Cancel overrules stop; what the database has was asked, also when the signal was lost. */
function askedOf(row: SweepRow, signalled: 'cancel' | 'stop' | null): 'cancel' | 'stop' | null {
  if (signalled === 'cancel' || row.cancel_asked_at_ms !== null) return 'cancel';
  return signalled === 'stop' || row.stop_asked_at_ms !== null ? 'stop' : null;
}

function factOf(row: JobRow, attempts: readonly AttemptRow[], { base }: SweepSpec): TrialFact {
  const lived = ({ started_at_ms, ended_at_ms }: AttemptRow) => {
    if (started_at_ms === null) return 0;
    return ended_at_ms === null ? base.limits.trainingSeconds : (ended_at_ms - started_at_ms) / 1000;
  };
  return {
    number: row.sweep_trial ?? 0,
    isOpen: row.phase !== 'done',
    outcome: row.outcome,
    costMicros: row.cost_micros ?? 0,
    machineSeconds: attempts.reduce((sum, attempt) => sum + lived(attempt), 0),
  };
}

function over(row: SweepRow | undefined): SweepStep & { isWaitingForDisk: boolean } {
  const end = { outcome: row?.outcome ?? 'cancelled', reason: row?.reason ?? 'It is not in the database any more.' };
  return { begin: [], cancels: false, end, sentence: end.reason, isWaitingForDisk: false };
}
