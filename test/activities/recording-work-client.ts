import { TrainyardError } from '../../domain/failures.ts';
import { type Holder, type WorkRef, workflowIdOf } from '../../domain/ids.ts';
import type { ReleaseEnding } from '../../domain/outcomes.ts';
import type { WorkClient, WorkflowState } from '../../temporal/work-client.ts';

interface Workflow {
  type: string;
  runs: number;
  state: WorkflowState;
  signals: string[];
  /** Why a release was asked for. */
  ending?: ReleaseEnding;
}

/**
 * Stands in for the Temporal server: keeps what was started, said and closed. It passes the same contract as the client
 * of a real server (test/temporal/work-client-contract.ts).
 */
export class RecordingWorkClient implements WorkClient {
  readonly workflows = new Map<string, Workflow>();
  /** While it is, nothing gets through. */
  away = false;
  longestSeconds = 1200;

  startJob: WorkClient['startJob'] = async ({ id }) => this.#startOnce('trainJob', { kind: 'job', id });
  startPrediction: WorkClient['startPrediction'] = async ({ id }) =>
    this.#startOnce('predictBatch', { kind: 'prediction', id });

  startPreparation: WorkClient['startPreparation'] = async ({ id }) =>
    this.#startOnce('prepareDataset', { kind: 'preparation', id });

  startSweep: WorkClient['startSweep'] = async ({ id }) => this.#startOnce('sweep', { kind: 'sweep', id });

  trialEnded = async (id: string) => this.#signal({ kind: 'sweep', id }, 'trialEnded');

  async startRelease(holder: Holder, ending: ReleaseEnding): Promise<void> {
    this.#startAgain('releaseHolder', `release-${workflowIdOf(holder)}`, { ending });
  }

  async startKeepHouse({ cloud, queue }: { cloud: string; queue: string }): Promise<void> {
    this.#startAgain('keepHouse', `keep-house-${cloud}-${queue}`);
  }

  cancel = async (holder: WorkRef) => this.#signal(holder, 'cancel');
  stop = async (holder: WorkRef) => this.#signal(holder, 'stop');
  wake = async (holder: Holder) => this.#signal(holder, 'wake');

  async extend(jobId: string, trainingSeconds: number) {
    this.#answer();
    const { longestSeconds } = this;
    if (this.of({ kind: 'job', id: jobId })?.state !== 'running') {
      throw new TrainyardError('BadSpec', 'This job is done; its time can no longer be extended.');
    }
    if (trainingSeconds > longestSeconds) {
      throw new TrainyardError('BadSpec', `At most ${longestSeconds} seconds are possible.`);
    }
    return { trainingSeconds, longestSeconds };
  }

  async status() {
    this.#answer();
    return { phase: 'queued', ahead: 0, attempt: 0, reason: '' } as const;
  }

  async stateOf(holder: WorkRef): Promise<WorkflowState> {
    this.#answer();
    return this.of(holder)?.state ?? 'unknown';
  }

  reachable = async () => !this.away;
  close = async () => {};

  // What happens on the server's side.

  of(holder: WorkRef): Workflow | undefined {
    return this.workflows.get(workflowIdOf(holder));
  }

  releaseOf(holder: Holder): Workflow | undefined {
    return this.workflows.get(`release-${workflowIdOf(holder)}`);
  }

  terminate(workflowId: string): void {
    const workflow = this.workflows.get(workflowId);
    if (workflow) workflow.state = 'closed';
  }

  fail(workflowId: string): void {
    const workflow = this.workflows.get(workflowId);
    if (workflow) workflow.state = 'failed';
  }

  /** A new server, an emptied file. */
  loseEverything(): void {
    this.workflows.clear();
  }

  #answer(): void {
    if (this.away)
      throw new TrainyardError('CloudUnavailable', 'The Temporal server does not answer: nobody is there.');
  }

  #startOnce(type: string, holder: WorkRef): void {
    this.#answer();
    const id = workflowIdOf(holder);
    if (!this.workflows.has(id)) this.workflows.set(id, { type, runs: 1, state: 'running', signals: [] });
  }

  #startAgain(type: string, id: string, given: Pick<Workflow, 'ending'> = {}): void {
    this.#answer();
    const known = this.workflows.get(id);
    if (known?.state === 'running') return;
    this.workflows.set(id, { type, runs: (known?.runs ?? 0) + 1, state: 'running', signals: [], ...given });
  }

  #signal(holder: WorkRef, name: string): void {
    this.#answer();
    const workflow = this.of(holder);
    if (workflow?.state === 'running') workflow.signals.push(name);
  }
}
