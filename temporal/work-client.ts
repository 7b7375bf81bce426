import {
  Client,
  Connection,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type WorkflowExecutionStatusName,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { TrainyardError } from '../domain/failures.ts';
import { type Holder, type WorkRef, workflowIdOf } from '../domain/ids.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import type { ReleaseEnding } from '../domain/outcomes.ts';
import type { PreparationOrder } from '../domain/preparation.ts';
import type { PredictionSpec } from '../domain/prediction-spec.ts';
import type { SweepOrder } from '../domain/sweep.ts';
import { decisionsQueue } from '../domain/queues.ts';
import type { ExtendAnswer, WorkStatus } from '../workflows/messages.ts';
import type { ReleaseOrder } from '../workflows/release-holder.ts';
import { connectionOptions, type TemporalAddress } from './connect.ts';
import { createDataConverter } from './data-converter.ts';
import { engineAttribute, nameAttribute, ownerAttribute, phaseAttribute } from './search-attributes.ts';

/**
 * A worker that is killed in the middle of a decision holds it for this long. A decision takes milliseconds, a replay of a
 * long history a tenth of a second; ten seconds, the default, would be most of what a person waits after a crash.
 */
const workflowTaskTimeout = '5 s';

/** How long an answer is waited for. */
export interface Patience {
  /** A server that is there answers in milliseconds; left to itself, the client would try for twenty seconds. */
  serverMs: number;
  /** What a workflow has to answer itself waits for a worker, which may just be coming back. */
  workerMs: number;
}

/** `failed`: closed by a failure of its own, and not by a person or by coming to its end. */
export type WorkflowState = 'running' | 'closed' | 'failed' | 'unknown';

/** All that Trainyard ever asks of Temporal from outside a workflow. Every call may be repeated. */
export interface WorkClient {
  /** Starts the workflow of an accepted job; one that already exists is fine. */
  startJob(spec: JobSpec): Promise<void>;
  startPrediction(spec: PredictionSpec): Promise<void>;
  startPreparation(order: PreparationOrder): Promise<void>;
  startSweep(order: SweepOrder): Promise<void>;
  /** Wakes a sweep when a trial of it has ended. */
  trialEnded(sweepId: string): Promise<void>;
  /** Frees all that a holder may still have, when its own workflow is closed and cannot do it any more. */
  startRelease(holder: Holder, ending: ReleaseEnding): Promise<void>;
  cancel(work: WorkRef): Promise<void>;
  stop(work: WorkRef): Promise<void>;
  wake(holder: Holder): Promise<void>;
  extend(jobId: string, trainingSeconds: number): Promise<ExtendAnswer>;
  status(holder: Holder): Promise<WorkStatus>;
  stateOf(work: WorkRef): Promise<WorkflowState>;
  /** Starts what looks after one cloud's house, unless it is already there. */
  startKeepHouse(house: { cloud: string; queue: string }): Promise<void>;
  reachable(): Promise<boolean>;
  close(): Promise<void>;
}

/** Lazy: web and workers may come up before the server does. */
export async function openWorkClient(
  to: TemporalAddress,
  { serverMs, workerMs }: Patience = { serverMs: 5000, workerMs: 10_000 },
): Promise<WorkClient> {
  const connection = Connection.lazy({ ...(await connectionOptions(to)), connectTimeout: '5s' });
  const client = new Client({ connection, namespace: to.namespace, dataConverter: createDataConverter() });

  /** Everything that is not an answer means the same to callers: not now; reconcile will mend it. */
  const within = async <T>(ms: number, ask: () => Promise<T>): Promise<T> => {
    try {
      return await connection.withDeadline(Date.now() + ms, ask);
    } catch (error) {
      throw unreachable(error);
    }
  };

  const start = async (type: string, workflowId: string, args: unknown[], attributes?: TypedSearchAttributes) => {
    try {
      await within(serverMs, () =>
        client.workflow.start(type, {
          workflowId,
          args,
          taskQueue: decisionsQueue,
          workflowTaskTimeout,
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          workflowIdConflictPolicy: 'USE_EXISTING',
          ...(attributes ? { typedSearchAttributes: attributes } : {}),
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  };

  const signal = async (holder: WorkRef, name: string) => {
    try {
      await within(serverMs, () => client.workflow.getHandle(workflowIdOf(holder)).signal(name));
    } catch (error) {
      // A closed workflow needs no signal any more: what was asked has been overtaken.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  };

  const attributes = (owner: string, engine: string, name: string) =>
    new TypedSearchAttributes([
      { key: phaseAttribute, value: 'queued' },
      { key: ownerAttribute, value: owner },
      { key: engineAttribute, value: engine },
      { key: nameAttribute, value: name },
    ]);

  return {
    startJob: (spec) =>
      start(
        'trainJob',
        workflowIdOf({ kind: 'job', id: spec.id }),
        [spec],
        attributes(spec.owner, spec.engine.name, spec.name),
      ),
    startPrediction: (spec) =>
      start(
        'predictBatch',
        workflowIdOf({ kind: 'prediction', id: spec.id }),
        [spec],
        attributes(spec.owner, spec.engine, 'prediction'),
      ),
    startPreparation: (order) =>
      start(
        'prepareDataset',
        workflowIdOf({ kind: 'preparation', id: order.id }),
        [order],
        attributes(order.owner, 'duckdb', order.name),
      ),
    startSweep: (order) =>
      start(
        'sweep',
        workflowIdOf({ kind: 'sweep', id: order.id }),
        [order],
        attributes(order.owner, order.engine, order.name),
      ),
    trialEnded: (id) => signal({ kind: 'sweep', id }, 'trialEnded'),
    async startRelease(holder, ending) {
      // Unlike the others it may run again under the same id: each time something was left over.
      await within(serverMs, () =>
        client.workflow.start('releaseHolder', {
          workflowId: `release-${workflowIdOf(holder)}`,
          args: [{ kind: holder.kind, id: holder.id, ending } satisfies ReleaseOrder],
          taskQueue: decisionsQueue,
          workflowTaskTimeout,
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      );
    },
    cancel: (holder) => signal(holder, 'cancel'),
    stop: (holder) => signal(holder, 'stop'),
    wake: (holder) => signal(holder, 'wake'),
    async extend(jobId, trainingSeconds) {
      const handle = client.workflow.getHandle(workflowIdOf({ kind: 'job', id: jobId }));
      try {
        return await within(workerMs, () =>
          handle.executeUpdate<ExtendAnswer, [number]>('extendTime', { args: [trainingSeconds] }),
        );
      } catch (error) {
        if (error instanceof WorkflowUpdateFailedError) {
          throw new TrainyardError('BadSpec', error.cause?.message ?? error.message);
        }
        if (error instanceof WorkflowNotFoundError) {
          throw new TrainyardError('BadSpec', 'This job is done; its time can no longer be extended.');
        }
        throw error;
      }
    },
    status: (holder) =>
      within(workerMs, () => client.workflow.getHandle(workflowIdOf(holder)).query<WorkStatus>('status')),
    async stateOf(holder) {
      try {
        const description = await within(serverMs, () => client.workflow.getHandle(workflowIdOf(holder)).describe());
        const running: WorkflowExecutionStatusName[] = ['RUNNING', 'CONTINUED_AS_NEW'];
        const failed: WorkflowExecutionStatusName[] = ['FAILED', 'TIMED_OUT'];
        if (running.includes(description.status.name)) return 'running';
        return failed.includes(description.status.name) ? 'failed' : 'closed';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'unknown';
        throw error;
      }
    },
    async startKeepHouse(house) {
      await within(serverMs, () =>
        client.workflow.start('keepHouse', {
          workflowId: `keep-house-${house.cloud}-${house.queue}`,
          args: [house],
          taskQueue: decisionsQueue,
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      );
    },
    async reachable() {
      try {
        await connection.withDeadline(Date.now() + 2000, () => connection.workflowService.getSystemInfo({}));
        return true;
      } catch {
        return false;
      }
    },
    close: () => connection.close(),
  };
}

function unreachable(error: unknown): Error {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return new TrainyardError(
      'CloudUnavailable',
      'No answer came in time: no worker is up, or no server.',
      'Try again.',
    );
  }
  if (!(error instanceof ServiceError)) return error instanceof Error ? error : new Error(String(error));
  return new TrainyardError('CloudUnavailable', `The Temporal server does not answer: ${error.message}`);
}
