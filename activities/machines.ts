import type { AttemptRow } from '../db/tables.ts';
import { type Failure, TrainyardError } from '../domain/failures.ts';
import { type AttemptRef, machineNameOf } from '../domain/ids.ts';
import { latestDeadline, machineTimes, secondsUntilStop } from '../domain/machine-times.ts';
import { formatMoney, type Micros } from '../domain/money.ts';
import { isWaitedFor, type Market, type Wait, waitForMachine } from '../domain/spot.ts';
import type { Cloud, MachineOrder, MachineSeen, MachineType } from '../infra/cloud.ts';
import { tellingTrouble } from './cloud-trouble.ts';
import { keepLastWords } from './consoles.ts';
import { costSoFar } from './costs.ts';
import type { Dependencies } from './dependencies.ts';
import { cloudFreeing, cloudOf, engineOf, type Freeing, type HolderWork, labelsOf } from './holders.ts';
import { marketOf } from './markets.ts';
import { sayingIn } from './platform-log.ts';
import { stageTrainerSpec } from './staging.ts';
import { warnOnPage } from './timeline-entry.ts';

/** When training stops on a machine, and what decides that. */
export interface Deadline {
  deadlineAtMs: number;
  limitedBy: 'time' | 'money';
}

/** There is none to be had now. Without `wait` it was asked for often enough. */
export interface NoMachine {
  failure: Failure;
  wait: Wait | null;
}

export type MachineAnswer = (Deadline & { none?: undefined }) | { none: NoMachine };

/** Of the job's time, without that of its earlier machines. */
interface TimeLeft {
  secondsLeft: number;
  longestSecondsLeft: number;
}

export type MachineRequest = AttemptRef &
  TimeLeft & {
    type?: string;
    /** How often none was to be had for this attempt. */
    refusals?: number;
  };

/** What the budget pays for beyond this is worth a machine; less would only cost. */
const worthAMachineMs = 5000;

export function machineActivities(dependencies: Dependencies) {
  const { stores, now } = dependencies;

  const moneyOf = async (ref: AttemptRef, work: HolderWork) => {
    const { budgetMicros } = work.spec.limits;
    return {
      budgetMicros,
      moneyLeftMicros: budgetMicros === null ? null : budgetMicros - (await costSoFar(dependencies, ref)),
    };
  };

  const timesFrom = async (ref: AttemptRef, work: HolderWork, pricePerHourMicros: Micros, left: TimeLeft) => {
    const times = machineTimes({ nowMs: now(), ...left, ...(await moneyOf(ref, work)), pricePerHourMicros });
    if (times.limitedBy === 'money' && times.deadlineAtMs - now() < worthAMachineMs) {
      throw new TrainyardError(
        'OverBudget',
        `What is left of the budget does not pay for a machine at ${formatMoney(pricePerHourMicros)} an hour.`,
      );
    }
    return times;
  };

  /**
   * The price of an attempt is decided once and kept in its row, unless its machine is to be bought in another way. Its
   * times are decided anew by each try until the machine has started: waiting for a machine is not training.
   */
  const openAttempt = async (
    ref: AttemptRef,
    work: HolderWork,
    cloud: Cloud,
    type: MachineType,
    market: Market,
    left: TimeLeft,
  ): Promise<AttemptRow> => {
    const known = await stores.attempts.get(ref);
    if (known && (known.started_at_ms ?? known.ended_at_ms) !== null) return known;
    if (known && (await cloud.lookAtMachine(ref)).startedAtMs !== null) return known;
    const isAsKnown = known !== undefined && (known.spot === 1) === market.spot;
    const pricePerHourMicros = isAsKnown ? known.price_per_hour_micros : market.pricePerHourMicros;
    const times = await timesFrom(ref, work, pricePerHourMicros, left);
    if (known) {
      if (!isAsKnown) await stores.attempts.setMarket(ref, { spot: market.spot, pricePerHourMicros });
      await stores.attempts.setTimes(ref, times);
      return (await stores.attempts.get(ref)) ?? known;
    }
    return stores.attempts.open(ref, {
      machineName: machineNameOf(ref),
      machineType: type.name,
      cloud: work.spec.machine.cloud,
      spot: market.spot,
      pricePerHourMicros,
      priceListDate: type.priceListDate,
      ...times,
    });
  };

  /** A machine that had said its last word was taken away after its work, and not from it. */
  const whyEnded = async (ref: AttemptRef, { endedBecause }: MachineSeen): Promise<string> => {
    if (endedBecause !== 'killed') return endedBecause ?? 'finished';
    return (await stores.relays.get(ref))?.terminal_json ? 'finished' : 'killed';
  };

  const make = async (request: MachineRequest): Promise<Deadline> => {
    const ref = { kind: request.kind, id: request.id, attempt: request.attempt };
    const { cloud, work } = await cloudOf(dependencies, ref);
    // Another than was asked for only where memory ran out on that.
    const wanted = request.type ?? work.spec.machine.type;
    const type = (await cloud.machineTypes()).find((offered) => offered.name === wanted);
    if (!type) throw new TrainyardError('BadSpec', `There is no machine “${wanted}” on ${cloud.name}.`);

    const { moneyLeftMicros } = await moneyOf(ref, work);
    const before = await marketOf(dependencies, { ref, work, type, refusals: request.refusals ?? 0, moneyLeftMicros });
    const attempt = await openAttempt(ref, work, cloud, type, before.market, request);
    const key = { holder: { kind: ref.kind, id: ref.id }, kind: 'machine' as const, attempt: ref.attempt };
    const price = {
      pricePerHourMicros: attempt.price_per_hour_micros,
      diskPerHourMicros: type.diskPricePerHourMicros ?? 0,
    };
    const intended = await stores.resources.intend({
      ...key,
      ...price,
      name: machineNameOf(ref),
      cloud: cloud.name,
      leastSeconds: type.billedAtLeastSeconds ?? 0,
      nowMs: now(),
    });
    const revoked = () => new TrainyardError('CreateRevoked', 'The machine is already being taken down.');
    if (intended === 'revoked') throw revoked();
    await stores.resources.setPrice(key, price);

    await stageTrainerSpec(dependencies, cloud, work, ref, attempt.deadline_at_ms);
    const order: MachineOrder = {
      ...ref,
      labels: labelsOf(dependencies, work),
      type: type.name,
      spot: attempt.spot === 1,
      ...(work.spec.machine.ssh ? { ssh: true } : {}),
      engine: engineOf(work),
      endsAtMs: attempt.ends_at_ms,
      deadlineAtMs: attempt.deadline_at_ms,
      ...(before.avoidZones.length > 0 ? { avoidZones: before.avoidZones } : {}),
    };
    const made = await sayingIn(dependencies, ref, (say) => cloud.createMachine(order, say));
    const { startedAtMs, endsAtMs, deadlineAtMs } = made;
    if (!(await stores.resources.created(key, { startedAtMs: startedAtMs ?? now() }))) {
      // Confirmed gone while it was still being made: what came after all must go again.
      await cloud.removeMachine(ref);
      throw revoked();
    }
    if (made.zone) await stores.attempts.standsIn(ref, made.zone);
    // An earlier try that got no answer in time may have made it after all, with the times of then.
    await stores.attempts.setTimes(ref, { endsAtMs, deadlineAtMs, limitedBy: attempt.limited_by });
    await stores.attempts.started(ref, startedAtMs ?? now());
    if (ref.kind === 'job') await stores.jobs.setDeadline(ref.id, deadlineAtMs);
    return { deadlineAtMs, limitedBy: attempt.limited_by };
  };

  return {
    /**
     * Safe to retry: one attempt row, one ledger row, one machine of that name; a tombstone refuses it for good. What
     * is not to be had now is an answer and no failure: whoever asked waits, and a person reads why.
     */
    async createMachine(request: MachineRequest): Promise<MachineAnswer> {
      try {
        const { kind, id, attempt } = request;
        return await tellingTrouble(dependencies, { kind, id, attempt }, () => make(request));
      } catch (error) {
        if (!(error instanceof TrainyardError) || !isWaitedFor(error.type)) throw error;
        const failure = { type: error.type, message: error.message };
        const times = (request.refusals ?? 0) + 1;
        const wait = waitForMachine(failure, times, dependencies.machineWaitsSeconds);
        const text = wait?.sentence ?? `${error.message} Asked ${times} times in vain.`;
        const { kind, id, attempt } = request;
        const key = `no-machine-${attempt}-${times}`;
        await warnOnPage(dependencies, { kind, id, attempt }, { key, text });
        return { none: { failure: wait ? failure : { ...failure, message: text }, wait } };
      }
    },

    /**
     * Safe to retry: removing what is gone only confirms it again; the tombstone refuses a create that comes later.
     * Answers how long the machine lived, by the cloud's own times.
     */
    async removeMachine(request: Freeing<AttemptRef>): Promise<{ livedSeconds: number }> {
      const ref = { kind: request.kind, id: request.id, attempt: request.attempt };
      const cloud = await cloudFreeing(dependencies, request);
      const key = { holder: { kind: ref.kind, id: ref.id }, kind: 'machine' as const, attempt: ref.attempt };
      await stores.resources.removalAsked({ ...key, name: machineNameOf(ref), cloud: cloud.name, nowMs: now() });
      await keepLastWords(dependencies, cloud, ref);
      let seen: MachineSeen;
      try {
        seen = await cloud.removeMachine(ref);
      } catch (error) {
        await stores.resources.problem(key, error instanceof Error ? error.message : String(error));
        throw error;
      }
      const { startedAtMs, endedAtMs } = seen;
      await stores.resources.gone(key, { confirmedAtMs: now(), startedAtMs, endedAtMs: endedAtMs ?? now() });
      await stores.attempts.ended(ref, endedAtMs ?? now(), await whyEnded(ref, seen));
      const attempt = await stores.attempts.get(ref);
      if (!attempt?.started_at_ms || !attempt.ended_at_ms) return { livedSeconds: 0 };
      return { livedSeconds: Math.max(0, (attempt.ended_at_ms - attempt.started_at_ms) / 1000) };
    },

    /** Safe to retry: it says all that was asked so far, and writing it again changes nothing. */
    async askTrainer(request: AttemptRef & { stop: boolean; deadlineAtMs: number }): Promise<Deadline> {
      const ref = { kind: request.kind, id: request.id, attempt: request.attempt };
      const { cloud, work } = await cloudOf(dependencies, ref);
      const attempt = await stores.attempts.get(ref);
      if (!attempt) throw new TrainyardError('Bug', `Attempt ${ref.attempt} of ${ref.id} has not begun.`);
      const startedAtMs = attempt.started_at_ms ?? now();
      const price = { pricePerHourMicros: attempt.price_per_hour_micros };
      const stopsAtMs = now() + secondsUntilStop({ ...(await moneyOf(ref, work)), ...price }) * 1000;
      const latestMs = latestDeadline({ startedAtMs, endsAtMs: attempt.ends_at_ms, stopsAtMs });
      const deadlineAtMs = Math.min(request.deadlineAtMs, Math.max(latestMs, attempt.deadline_at_ms));
      await stores.attempts.setDeadline(ref, deadlineAtMs);
      if (ref.kind === 'job') await stores.jobs.setDeadline(ref.id, deadlineAtMs);
      const asked = JSON.stringify({ stop: request.stop, deadlineAtMs });
      await cloud.putText(ref, `control/attempt-${ref.attempt}.json`, asked);
      // The longest that a job may be extended to is within its machine's end, so only money can cut it short.
      return { deadlineAtMs, limitedBy: deadlineAtMs < request.deadlineAtMs ? 'money' : attempt.limited_by };
    },
  };
}
