import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { extendTimeUpdate } from './messages.ts';
import type { Work } from './work.ts';

/** Training time over all attempts, and how far it may still be extended. */
export class TimeBudget {
  #limitSeconds: number;
  readonly #longestSeconds: number;
  #usedSeconds = 0;
  /** Added since the machine was ordered, and not yet told to its trainer. */
  #untoldSeconds = 0;
  #tell: ((bySeconds: number) => void) | undefined;

  constructor(limitSeconds: number, longestSeconds: number) {
    this.#limitSeconds = limitSeconds;
    this.#longestSeconds = longestSeconds;
  }

  use(seconds: number): void {
    this.#usedSeconds += seconds;
  }

  left(): number {
    return Math.max(0, this.#limitSeconds - this.#usedSeconds);
  }

  /** What a machine is ordered for. What is added from here on must be told to its trainer. */
  forMachine(): { secondsLeft: number; longestSecondsLeft: number } {
    this.#untoldSeconds = 0;
    return { secondsLeft: this.left(), longestSecondsLeft: Math.max(0, this.#longestSeconds - this.#usedSeconds) };
  }

  /** Set while a trainer listens: tells it how much later its deadline is; at once, when that is known already. */
  tell(listener: ((bySeconds: number) => void) | undefined): void {
    this.#tell = listener;
    this.#tellUntold();
  }

  #tellUntold(): void {
    if (!this.#tell || this.#untoldSeconds === 0) return;
    const by = this.#untoldSeconds;
    this.#untoldSeconds = 0;
    this.#tell(by);
  }

  /** Answers `extendTime`: allowed while it makes a difference, and never beyond what the machine's own end allows. */
  extendable(work: Work): void {
    setHandler(
      extendTimeUpdate,
      (seconds) => {
        this.#untoldSeconds += seconds - this.#limitSeconds;
        this.#limitSeconds = seconds;
        this.#tellUntold();
        return { trainingSeconds: this.#limitSeconds, longestSeconds: this.#longestSeconds };
      },
      {
        validator: (seconds) => {
          if (!['queued', 'preparing', 'provisioning', 'training'].includes(work.phase) || work.asked) {
            throw ApplicationFailure.nonRetryable(
              'The training is over; its time can no longer be extended.',
              'BadSpec',
            );
          }
          if (!Number.isInteger(seconds) || seconds < this.#limitSeconds) {
            const now = `${this.#limitSeconds} seconds now`;
            throw ApplicationFailure.nonRetryable(`The new limit must be longer than the old one (${now}).`, 'BadSpec');
          }
          if (seconds > this.#longestSeconds) {
            const most = `At most ${this.#longestSeconds} seconds are possible`;
            throw ApplicationFailure.nonRetryable(
              `${most}: the end of the machine was fixed by that when it was made.`,
              'BadSpec',
            );
          }
        },
      },
    );
  }
}
