import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { type Activities, createActivities } from '../../activities/activities.ts';
import { reconciler } from '../../activities/reconcile/reconcile.ts';
import type { JobRequestInput, JobSpec } from '../../domain/job-spec.ts';
import type { PredictionSpec } from '../../domain/prediction-spec.ts';
import type { SweepSpec } from '../../domain/sweep.ts';
import type { Step } from '../../domain/recipe/recipe.ts';
import { findTemporal } from '../../tools/temporal-server.ts';
import { openWorkClient } from '../../temporal/work-client.ts';
import { createWorkers, type Workers } from '../../workers/create-workers.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';
import {
  acceptedPreparation,
  jobSpecFor,
  madeDataset,
  openTestDependencies,
  predictionSpecFor,
  type TestDependencies,
} from '../activities/dependencies.ts';
import { type SweepAsked, sweepSpecFor } from '../activities/sweep-spec-for.ts';
import type { SimulatedCloud } from '../clouds/simulated-cloud.ts';

const searchAttributes = [
  'TrainyardPhase=Keyword',
  'TrainyardOwner=Keyword',
  'TrainyardEngine=Keyword',
  'TrainyardName=Text',
];
let environment: TestWorkflowEnvironment | undefined;

/** One real Temporal server for all tests of a file; in memory unless a file is named. */
export async function temporal({ dbFilename }: { dbFilename?: string } = {}): Promise<TestWorkflowEnvironment> {
  if (environment) return environment;
  Runtime.install({ shutdownSignals: [], logger: silent() });
  environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: await findTemporal() },
      ...(dbFilename ? { dbFilename } : {}),
      extraArgs: [
        ...(dbFilename ? ['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'] : []),
        ...searchAttributes.flatMap((attribute) => ['--search-attribute', attribute]),
      ],
    },
  });
  return environment;
}

export async function closeTemporal(): Promise<void> {
  await environment?.teardown();
  environment = undefined;
}

export interface TestYard {
  cloud: SimulatedCloud;
  dependencies: TestDependencies;
  activities: Activities;
  /** A pass of reconcile, as a worker makes it when it starts. */
  reconcile(): Promise<void>;
  /** Passes of one and the same worker, which remembers what it saw before. */
  reconciler(): () => Promise<void>;
  accept(request?: Partial<JobRequestInput>): Promise<JobSpec>;
  acceptPrediction(asked: Parameters<typeof predictionSpecFor>[0]): Promise<PredictionSpec>;
  /** A version of a recipe with these steps over a dataset; its id. */
  acceptPreparation(datasetId: string, steps: readonly Partial<Step>[]): Promise<string>;
  acceptSweep(asked?: SweepAsked): Promise<SweepSpec>;
  /** The workers go away, as after a kill: nothing they held in memory is left. */
  stopWorkers(): Promise<void>;
  startWorkers(): Promise<void>;
  close(): Promise<void>;
}

/** Real server, real database, real store and data worker; only the machines are simulated. */
export async function openTestYard(
  cloud: SimulatedCloud,
  { spent, instead = {} }: { spent?: Map<string, number[]>; instead?: Partial<Activities> } = {},
): Promise<TestYard> {
  const server = await temporal();
  const address = { address: server.address, namespace: server.namespace ?? 'default' };
  const work = await openWorkClient(address);
  const dependencies = await openTestDependencies({ cloud, work });
  const { stores } = dependencies;
  const log = pino({ level: 'silent' });
  const activities = timed({ ...createActivities(dependencies, log), ...instead }, spent);
  const datasetId = await madeDataset(dependencies);
  let workers: Workers | undefined;
  let running: Promise<unknown> = Promise.resolve();

  const yard: TestYard = {
    cloud,
    dependencies,
    activities,
    reconciler() {
      const pass = reconciler(dependencies, log);
      return () => pass(cloud.name);
    },
    reconcile: () => reconciler(dependencies, log)(cloud.name),
    async accept(request = {}) {
      const spec = jobSpecFor(datasetId, request);
      await stores.jobs.insert(spec, { idempotencyKey: null, requestHash: null, nowMs: Date.now() });
      await work.startJob(spec);
      return spec;
    },
    async acceptPrediction(asked) {
      const spec = predictionSpecFor(asked);
      await stores.predictions.insert(spec, { nowMs: Date.now() });
      await work.startPrediction(spec);
      return spec;
    },
    async acceptPreparation(sourceId, steps) {
      const row = await acceptedPreparation(dependencies, sourceId, steps);
      await work.startPreparation({ id: row.id, owner: row.owner, name: row.name });
      return row.id;
    },
    async acceptSweep(asked = {}) {
      const spec = sweepSpecFor(datasetId, asked);
      const order = { metric: 'roc_auc', idempotencyKey: null, requestHash: null, nowMs: Date.now() };
      await stores.sweeps.insert(spec, order);
      await work.startSweep({ id: spec.id, owner: spec.owner, name: spec.name, engine: spec.base.engine.name });
      return spec;
    },
    async startWorkers() {
      const bundle = await workflowBundle(join(tmpdir(), 'trainyard-test-cache'));
      workers = await createWorkers({
        temporal: address,
        bundle,
        activities,
        hosts: [null],
        maxCachedWorkflows: 200,
        log,
      });
      running = workers.run();
    },
    async stopWorkers() {
      workers?.shutdown();
      workers = undefined;
      await running;
    },
    async close() {
      await yard.stopWorkers();
      // A script that trains until it is asked would keep the process.
      for (const machine of cloud.machines.values()) machine.end('killed');
      await work.close();
      await dependencies.close();
    },
  };
  await yard.startWorkers();
  return yard;
}

/** Waits for a condition with a bound; says what it waited for when it does not come. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, seconds = 15): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Waited ${seconds} s in vain until ${what}.`);
    await sleep(50);
  }
}

/** Notes how long each call of an activity took, when somebody wants to know. */
function timed(activities: Activities, spent: Map<string, number[]> | undefined): Activities {
  if (!spent) return activities;
  const wrap =
    (name: string, act: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]) => {
      const began = performance.now();
      try {
        return await act(...args);
      } finally {
        spent.set(name, [...(spent.get(name) ?? []), performance.now() - began]);
      }
    };
  const entries = Object.entries(activities) as [string, (...args: unknown[]) => Promise<unknown>][];
  return Object.fromEntries(entries.map(([name, act]) => [name, wrap(name, act)])) as Activities;
}

function silent() {
  const nothing = () => {};
  return { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
}
