import {
  Client,
  Connection,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type WorkflowExecutionStatusName,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { TrainyardError } from '../domain/failures.ts';
import { type Holder, workflowIdOf } from '../domain/ids.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import type { PredictionSpec } from '../domain/prediction-spec.ts';
import { decisionsQueue } from '../domain/queues.ts';
import type { ExtendAnswer, WorkStatus } from '../workflows/messages.ts';
import { connectionOptions, type TemporalAddress } from './connect.ts';
import { createDataConverter } from './data-converter.ts';
import { engineAttribute, nameAttribute, ownerAttribute, phaseAttribute } from './search-attributes.ts';

/**
 * A worker that is killed in the middle of a decision holds it for this long. A decision takes milliseconds, a replay of a
 * long history a tenth of a second; ten seconds, the default, would be most of what a person waits after a crash.
 */
const workflowTaskTimeout = '5 s';

export type WorkflowState = 'running' | 'closed' | 'unknown';

/** All that Trainyard ever asks of Temporal from outside a workflow. Every call may be repeated. */
export interface WorkClient {
  /** Starts the workflow of an accepted job; one that already exists is fine. */
  startJob(spec: JobSpec): Promise<void>;
  startPrediction(spec: PredictionSpec): Promise<void>;
  /** Frees all that a holder may still have, when its own workflow is closed and cannot do it any more. */
  startRelease(holder: Holder): Promise<void>;
  cancel(holder: Holder): Promise<void>;
  stop(holder: Holder): Promise<void>;
  wake(holder: Holder): Promise<void>;
  extend(jobId: string, trainingSeconds: number): Promise<ExtendAnswer>;
  status(holder: Holder): Promise<WorkStatus>;
  stateOf(holder: Holder): Promise<WorkflowState>;
  /** Starts what looks after one cloud's house, unless it is already there. */
  startKeepHouse(house: { cloud: string; queue: string }): Promise<void>;
  reachable(): Promise<boolean>;
  close(): Promise<void>;
}

/** Lazy: web and workers may come up before the server does. */
export async function openWorkClient(to: TemporalAddress): Promise<WorkClient> {
  const connection = Connection.lazy({ ...(await connectionOptions(to)), connectTimeout: '5s' });
  const client = new Client({ connection, namespace: to.namespace, dataConverter: createDataConverter() });

  const start = async (type: string, workflowId: string, args: unknown[], attributes?: TypedSearchAttributes) => {
    try {
      await client.workflow.start(type, {
        workflowId,
        args,
        taskQueue: decisionsQueue,
        workflowTaskTimeout,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        ...(attributes ? { typedSearchAttributes: attributes } : {}),
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw unreachable(error);
    }
  };

  const signal = async (holder: Holder, name: string) => {
    try {
      await client.workflow.getHandle(workflowIdOf(holder)).signal(name);
    } catch (error) {
      // A closed workflow needs no signal any more: what was asked has been overtaken.
      if (!(error instanceof WorkflowNotFoundError)) throw unreachable(error);
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
    async startRelease(holder) {
      // Unlike the others it may run again under the same id: each time something was left over.
      await client.workflow.start('releaseHolder', {
        workflowId: `release-${workflowIdOf(holder)}`,
        args: [holder],
        taskQueue: decisionsQueue,
        workflowTaskTimeout,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
      });
    },
    cancel: (holder) => signal(holder, 'cancel'),
    stop: (holder) => signal(holder, 'stop'),
    wake: (holder) => signal(holder, 'wake'),
    async extend(jobId, trainingSeconds) {
      const handle = client.workflow.getHandle(workflowIdOf({ kind: 'job', id: jobId }));
      try {
        return await handle.executeUpdate<ExtendAnswer, [number]>('extendTime', { args: [trainingSeconds] });
      } catch (error) {
        if (error instanceof WorkflowUpdateFailedError) {
          throw new TrainyardError('BadSpec', error.cause?.message ?? error.message);
        }
        if (error instanceof WorkflowNotFoundError) {
          throw new TrainyardError('BadSpec', 'This job is done; its time can no longer be extended.');
        }
        throw unreachable(error);
      }
    },
    status: (holder) => client.workflow.getHandle(workflowIdOf(holder)).query<WorkStatus>('status'),
    async stateOf(holder) {
      try {
        const description = await client.workflow.getHandle(workflowIdOf(holder)).describe();
        const running: WorkflowExecutionStatusName[] = ['RUNNING', 'CONTINUED_AS_NEW'];
        return running.includes(description.status.name) ? 'running' : 'closed';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'unknown';
        throw unreachable(error);
      }
    },
    async startKeepHouse(house) {
      await client.workflow.start('keepHouse', {
        workflowId: `keep-house-${house.cloud}-${house.queue}`,
        args: [house],
        taskQueue: decisionsQueue,
        workflowIdConflictPolicy: 'USE_EXISTING',
      });
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

/** Everything that is not an answer means the same to callers: Temporal cannot be reached now, reconcile will mend it. */
function unreachable(error: unknown): Error {
  if (!(error instanceof ServiceError)) return error instanceof Error ? error : new Error(String(error));
  return new TrainyardError('CloudUnavailable', `The Temporal server does not answer: ${error.message}`);
}
