import { createHash } from 'node:crypto';
import { chain } from '../../domain/recipe/stages.ts';
import { foldNumber, type Learned, leftOutBy } from '../../domain/recipe/step-kind.ts';
import type { Learn, WalkedStep } from '../../domain/recipe/walk.ts';
import { cellText, type Session } from '../session.ts';
import type { Lookups } from './lookups.ts';
import type { KnownFit, RecipeInput, Split } from './recipe-calls.ts';
import type { RecipeTable } from './recipe-table.ts';

/** What was learned before, told apart by all that it depends on. */
export class Fits {
  readonly #keys: Map<string, string>;
  readonly #known: Map<string, KnownFit>;
  readonly #missed = new Set<string>();

  constructor(
    table: Pick<RecipeTable, 'schema' | 'total'>,
    input: RecipeInput & { learned?: KnownFit[] | undefined; split?: Split | undefined },
  ) {
    this.#keys = keysOf(table, input);
    this.#known = new Map(input.learned?.map((fit) => [fit.key, fit]));
  }

  /** Takes what is known; asks for the rest. */
  learn(ask: Learn): Learn {
    return async (question) => {
      const { step, outside } = question;
      const known = this.#known.get(this.#keys.get(step.id) ?? '');
      const found = outside === null ? known?.all : known?.folds[outside];
      if (found !== undefined) return found;
      this.#missed.add(step.id);
      return ask(question);
    };
  }

  /** Whether what a step learned was asked for, not known before. */
  asked(stepId: string): boolean {
    return this.#missed.has(stepId);
  }

  toKnown(steps: readonly WalkedStep[]): KnownFit[] {
    return steps.flatMap(({ step, learned }) =>
      learned ? [{ key: this.#keys.get(step.id) ?? '', stepId: step.id, ...learned }] : [],
    );
  }
}

function keysOf(
  { schema, total }: Pick<RecipeTable, 'schema' | 'total'>,
  { steps, others = [], split }: RecipeInput & { split?: Split | undefined },
): Map<string, string> {
  const hash = createHash('sha256').update(JSON.stringify([schema, total, others, split ?? null]));
  const keys = new Map<string, string>();
  for (const { id, on, kind, settings, onFailure } of steps) {
    if (on) hash.update(`\n${JSON.stringify([kind, settings, onFailure])}`);
    keys.set(id, hash.copy().digest('hex').slice(0, 32));
  }
  return keys;
}

/** The rows that a step may learn from. */
export function trainingRows(table: string, outside: number | null): string {
  const conditions = [`${leftOutBy} IS NULL`, `${foldNumber} IS DISTINCT FROM -1`];
  if (outside !== null) conditions.push(`${foldNumber} IS DISTINCT FROM ${outside}`);
  return `(SELECT * FROM ${table} WHERE ${conditions.join(' AND ')})`;
}

export async function askEngine(session: Session, sql: string): Promise<Learned> {
  const [answer] = await session.row(sql);
  return JSON.parse(cellText(answer)) as Learned;
}

export type Question = Parameters<Learn>[0];

/** Learns from a table at once, whatever it costs: for a table that is small, or looked at once. */
export function learnFrom(session: Session, relation: string, lookups: Lookups): Learn {
  return async ({ step, stages, sql, outside, lookup }) => {
    await lookups.make([...stages, { stepId: step.id, lookup }]);
    return askEngine(
      session,
      chain(stages, relation, (table) => sql(trainingRows(table, outside))),
    );
  };
}
