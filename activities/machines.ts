import { TrainyardError } from '../domain/failures.ts';
import { type AttemptRef, machineNameOf } from '../domain/ids.ts';
import { type MachineTimes, machineTimes } from '../domain/machine-times.ts';
import type { MachineOrder, MachineSeen, MachineType } from '../infra/cloud.ts';
import { costSoFar } from './costs.ts';
import type { Dependencies } from './dependencies.ts';
import { cloudOf, engineOf, type HolderWork, labelsOf } from './holders.ts';
import { stageTrainerSpec } from './staging.ts';

export interface MachineMade {
  deadlineAtMs: number;
  limitedBy: 'time' | 'money';
}

export function machineActivities(dependencies: Dependencies) {
  const { stores, now } = dependencies;

  /** The times of an attempt are decided once and kept in its row: a retry must order the same machine. */
  const openAttempt = async (
    ref: AttemptRef,
    work: HolderWork,
    type: MachineType,
    left: { secondsLeft: number; longestSecondsLeft: number },
  ): Promise<MachineTimes> => {
    const known = await stores.attempts.get(ref);
    if (known) {
      return { endsAtMs: known.ends_at_ms, deadlineAtMs: known.deadline_at_ms, limitedBy: known.limited_by };
    }
    const budget = work.kind === 'job' ? work.spec.limits.budgetMicros : null;
    const times = machineTimes({
      nowMs: now(),
      ...left,
      moneyLeftMicros: budget === null ? null : budget - (await costSoFar(dependencies, ref)),
      pricePerHourMicros: type.pricePerHourMicros,
    });
    await stores.attempts.open(ref, {
      machineName: machineNameOf(ref),
      machineType: type.name,
      cloud: work.spec.machine.cloud,
      spot: work.spec.machine.spot,
      pricePerHourMicros: type.pricePerHourMicros,
      ...times,
    });
    return times;
  };

  return {
    /** Safe to retry: one attempt row, one ledger row, one machine of that name; a tombstone refuses it for good. */
    async createMachine(
      request: AttemptRef & { secondsLeft: number; longestSecondsLeft: number },
    ): Promise<MachineMade> {
      const ref = { kind: request.kind, id: request.id, attempt: request.attempt };
      const { cloud, work } = await cloudOf(dependencies, ref);
      const type = (await cloud.machineTypes()).find((offered) => offered.name === work.spec.machine.type);
      if (!type)
        throw new TrainyardError('BadSpec', `There is no machine “${work.spec.machine.type}” on ${cloud.name}.`);

      const times = await openAttempt(ref, work, type, request);
      const key = { holder: { kind: ref.kind, id: ref.id }, kind: 'machine' as const, attempt: ref.attempt };
      const intended = await stores.resources.intend({
        ...key,
        name: machineNameOf(ref),
        cloud: cloud.name,
        pricePerHourMicros: type.pricePerHourMicros,
        nowMs: now(),
      });
      if (intended === 'revoked') throw new TrainyardError('CreateRevoked', 'The machine is already being taken down.');

      await stageTrainerSpec(dependencies, cloud, work, ref, times.deadlineAtMs);
      const order: MachineOrder = {
        ...ref,
        labels: labelsOf(dependencies, work),
        type: type.name,
        spot: work.spec.machine.spot,
        engine: engineOf(work),
        endsAtMs: times.endsAtMs,
        deadlineAtMs: times.deadlineAtMs,
      };
      const seen = await cloud.createMachine(order);
      await stores.resources.created(key, { startedAtMs: seen.startedAtMs ?? now() });
      await stores.attempts.started(ref, seen.startedAtMs ?? now());
      return { deadlineAtMs: times.deadlineAtMs, limitedBy: times.limitedBy };
    },

    /** Safe to retry: removing what is gone only confirms it again; the tombstone refuses a create that comes later. */
    async removeMachine(request: AttemptRef): Promise<void> {
      const ref = { kind: request.kind, id: request.id, attempt: request.attempt };
      const { cloud } = await cloudOf(dependencies, ref);
      const key = { holder: { kind: ref.kind, id: ref.id }, kind: 'machine' as const, attempt: ref.attempt };
      await stores.resources.removalAsked({ ...key, name: machineNameOf(ref), cloud: cloud.name, nowMs: now() });
      let seen: MachineSeen;
      try {
        seen = await cloud.removeMachine(ref);
      } catch (error) {
        await stores.resources.problem(key, error instanceof Error ? error.message : String(error));
        throw error;
      }
      const { startedAtMs, endedAtMs } = seen;
      await stores.resources.gone(key, { confirmedAtMs: now(), startedAtMs, endedAtMs: endedAtMs ?? now() });
      await stores.attempts.ended(ref, endedAtMs ?? now(), seen.endedBecause ?? 'finished');
    },

    /** Safe to retry: it says all that was asked so far, and writing it again changes nothing. */
    async askTrainer(request: AttemptRef & { stop: boolean; deadlineAtMs: number }): Promise<void> {
      const { stop, ...ref } = request;
      const { cloud } = await cloudOf(dependencies, ref);
      const attempt = await stores.attempts.get(ref);
      const deadlineAtMs = Math.min(ref.deadlineAtMs, (attempt?.ends_at_ms ?? Number.MAX_SAFE_INTEGER) - 1000);
      await stores.attempts.setDeadline(ref, deadlineAtMs);
      if (ref.kind === 'job') await stores.jobs.setDeadline(ref.id, deadlineAtMs);
      await cloud.putText(ref, `control/attempt-${ref.attempt}.json`, JSON.stringify({ stop, deadlineAtMs }));
    },
  };
}
