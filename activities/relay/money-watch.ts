import type { JobSpec } from '../../domain/job-spec.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import { moneyMarks } from '../../domain/machine-times.ts';
import { formatMoney, type Micros } from '../../domain/money.ts';
import { costSoFar } from '../costs.ts';
import type { Dependencies } from '../dependencies.ts';
import { writeEntry } from '../timeline-entry.ts';
import type { LeftOff } from './machine-watch.ts';

const lookEveryMs = 5000;
const whatStops = { job: 'training stops and the best so far is kept', prediction: 'it stops' } as const;

/**
 * Watches the money while a machine works. A person is warned before the cap; at the cap the machine is given up, in
 * case its own end, which was fixed to come before that, has not come.
 */
export class MoneyWatch {
  readonly #dependencies: Dependencies;
  readonly #ref: AttemptRef;
  readonly #budgetMicros: Micros | null;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #hasWarned = false;

  constructor(dependencies: Dependencies, ref: AttemptRef, limits: Partial<Pick<JobSpec['limits'], 'budgetMicros'>>) {
    this.#dependencies = dependencies;
    this.#ref = ref;
    this.#budgetMicros = limits.budgetMicros ?? null;
  }

  /** Asked as often as one likes. */
  async look(): Promise<LeftOff | undefined> {
    const budgetMicros = this.#budgetMicros;
    if (budgetMicros === null || Date.now() - this.#lookedAtMs < lookEveryMs) return undefined;
    this.#lookedAtMs = Date.now();
    const spentMicros = await costSoFar(this.#dependencies, this.#ref);
    // What costs nothing is never over a budget, also not over one of nothing.
    if (spentMicros === 0) return undefined;
    if (spentMicros >= budgetMicros * moneyMarks.ends) return { kind: 'lost', failure: usedUp(budgetMicros) };
    if (spentMicros >= budgetMicros * moneyMarks.warns && !this.#hasWarned) await this.#warn(spentMicros, budgetMicros);
    return undefined;
  }

  /** Once for a job, whichever of its machines it was. */
  async #warn(spentMicros: Micros, budgetMicros: Micros): Promise<void> {
    const spent = `${formatMoney(spentMicros)} of ${formatMoney(budgetMicros)}`;
    const text = `${inPercent(moneyMarks.warns)} of the budget is used: ${spent}. At ${inPercent(moneyMarks.stops)} at the latest ${whatStops[this.#ref.kind]}.`;
    await writeEntry(this.#dependencies, this.#ref, { kind: 'warning', key: 'money-warned', text });
    this.#hasWarned = true;
  }
}

function usedUp(budgetMicros: Micros) {
  const message = `The whole budget of ${formatMoney(budgetMicros)} is used up; its machine is taken down.`;
  return { type: 'OverBudget', message } as const;
}

function inPercent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
