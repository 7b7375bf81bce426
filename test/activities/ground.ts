import { pino } from 'pino';
import { type Activities, createActivities } from '../../activities/activities.ts';
import type { Dependencies } from '../../activities/dependencies.ts';
import type { AttemptRef, Holder } from '../../domain/ids.ts';
import type { JobRequestInput, JobSpec } from '../../domain/job-spec.ts';
import type { Phase } from '../../domain/phases.ts';
import type { PredictionSpec } from '../../domain/prediction-spec.ts';
import type { Labels } from '../../infra/cloud.ts';
import { type Script, SimulatedCloud } from '../clouds/simulated-cloud.ts';
import {
  jobSpecFor,
  madeDataset,
  madeModel,
  openTestDependencies,
  predictionSpecFor,
  type TestDependencies,
} from './dependencies.ts';
import { RecordingWorkClient } from './recording-work-client.ts';

/** A price at which every second costs a dollar: what time costs can be read off. */
export const dollarASecond = 3600 * 1_000_000;

export interface Ground<C extends SimulatedCloud = SimulatedCloud> {
  cloud: C;
  work: RecordingWorkClient;
  dependencies: TestDependencies;
  activities: Activities;
  /** Set to stop the clock. */
  clock: { atMs: number | undefined };
  accept(request?: Partial<JobRequestInput>): Promise<{ holder: Holder; spec: JobSpec }>;
  acceptPrediction(given?: Partial<PredictionSpec>): Promise<{ holder: Holder; spec: PredictionSpec }>;
  /** A job that has gone on to this phase, as its workflow would have taken it there. */
  jobIn(phase: Exclude<Phase, 'done'>, attempt?: number): Promise<Holder>;
  /** A machine of that attempt, in its bucket, with its signals. */
  machineFor(holder: Holder, attempt?: number): Promise<AttemptRef>;
  labelsOf(holder: Holder): Labels;
  close(): Promise<void>;
}

const idles: Script = async (actor) => actor.gone;
const track: Exclude<Phase, 'done'>[] = ['preparing', 'provisioning', 'training', 'collecting', 'releasing'];

/** Activities over a real database, store and data worker, in a simulated cloud, without a Temporal server. */
export async function openGround<C extends SimulatedCloud = SimulatedCloud>(
  given: { cloud?: C } & Partial<Dependencies> = {},
): Promise<Ground<C>> {
  const { cloud = new SimulatedCloud({ script: () => idles }) as C, ...others } = given;
  const work = new RecordingWorkClient();
  const clock: { atMs: number | undefined } = { atMs: undefined };
  const dependencies = await openTestDependencies({ cloud, work, now: () => clock.atMs ?? Date.now(), ...others });
  const { stores } = dependencies;
  const activities = createActivities(dependencies, pino({ level: 'silent' }));
  const datasetId = await madeDataset(dependencies);

  const ground: Ground<C> = {
    cloud,
    work,
    dependencies,
    activities,
    clock,
    async accept(request = {}) {
      const spec = jobSpecFor(datasetId, request);
      await stores.jobs.insert(spec, { idempotencyKey: null, requestHash: null, nowMs: dependencies.now() });
      return { holder: { kind: 'job', id: spec.id }, spec };
    },
    async acceptPrediction(request = {}) {
      const modelId = request.modelId ?? (await madeModel(dependencies)).id;
      const spec = predictionSpecFor({ datasetId, ...request, modelId });
      await stores.predictions.insert(spec, { nowMs: dependencies.now() });
      return { holder: { kind: 'prediction', id: spec.id }, spec };
    },
    async jobIn(phase, attempt = 1) {
      const { holder } = await ground.accept();
      await stores.jobs.markStarted(holder.id, dependencies.now());
      for (const next of track.slice(0, track.indexOf(phase) + 1)) {
        const entered = await stores.jobs.enterPhase(holder.id, next, `It is ${next}.`, attempt);
        if (!entered) throw new Error(`It could not become ${next}.`);
      }
      return holder;
    },
    async machineFor(holder, attempt = 1) {
      const ref = { ...holder, attempt };
      await activities.createBucket(holder);
      await activities.createSignals(holder);
      await activities.createMachine({ ...ref, secondsLeft: 60, longestSecondsLeft: 120 });
      return ref;
    },
    labelsOf: (holder) => ({ ...holder, installationId: dependencies.installationId, owner: 'tester' }),
    close: () => dependencies.close(),
  };
  return ground;
}
