import { TrainyardError } from '../../../domain/failures.ts';
import { type Holder, type WorkRef, workflowIdOf } from '../../../domain/ids.ts';
import type { WorkClient } from '../../../temporal/work-client.ts';

/** Stands in for the Temporal server: keeps what was started and said, like it; can be away. */
export class RememberingWorkClient implements WorkClient {
  away = false;
  readonly started = new Map<string, unknown>();
  readonly signals: string[] = [];
  longestSeconds = 1200;

  private answer(): void {
    if (this.away)
      throw new TrainyardError('CloudUnavailable', 'The Temporal server does not answer: nobody is there.');
  }

  async startJob(spec: Parameters<WorkClient['startJob']>[0]): Promise<void> {
    this.answer();
    const id = workflowIdOf({ kind: 'job', id: spec.id });
    if (!this.started.has(id)) this.started.set(id, spec);
  }

  async startPrediction(spec: Parameters<WorkClient['startPrediction']>[0]): Promise<void> {
    this.answer();
    const id = workflowIdOf({ kind: 'prediction', id: spec.id });
    if (!this.started.has(id)) this.started.set(id, spec);
  }

  async startPreparation(order: Parameters<WorkClient['startPreparation']>[0]): Promise<void> {
    this.answer();
    const id = workflowIdOf({ kind: 'preparation', id: order.id });
    if (!this.started.has(id)) this.started.set(id, order);
  }

  async startSweep(order: Parameters<WorkClient['startSweep']>[0]): Promise<void> {
    this.answer();
    const id = workflowIdOf({ kind: 'sweep', id: order.id });
    if (!this.started.has(id)) this.started.set(id, order);
  }

  async trialEnded(id: string): Promise<void> {
    return this.signal('trialEnded', { kind: 'sweep', id });
  }

  async startRelease(): Promise<void> {
    this.answer();
  }

  private async signal(name: string, holder: WorkRef): Promise<void> {
    this.answer();
    this.signals.push(`${name} ${workflowIdOf(holder)}`);
  }

  cancel(holder: WorkRef): Promise<void> {
    return this.signal('cancel', holder);
  }

  stop(holder: WorkRef): Promise<void> {
    return this.signal('stop', holder);
  }

  wake(holder: Holder): Promise<void> {
    return this.signal('wake', holder);
  }

  async extend(_jobId: string, trainingSeconds: number) {
    this.answer();
    const { longestSeconds } = this;
    if (trainingSeconds > longestSeconds) {
      throw new TrainyardError('BadSpec', `At most ${longestSeconds} seconds are possible.`);
    }
    return { trainingSeconds, longestSeconds };
  }

  async status() {
    this.answer();
    return { phase: 'queued', ahead: 0, attempt: 0, reason: '' } as const;
  }

  async stateOf(holder: WorkRef) {
    this.answer();
    return this.started.has(workflowIdOf(holder)) ? 'running' : 'unknown';
  }

  async startKeepHouse(): Promise<void> {
    this.answer();
  }

  async reachable(): Promise<boolean> {
    return !this.away;
  }

  async close(): Promise<void> {}
}
