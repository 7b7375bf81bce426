import type { Step } from './recipe.ts';
import type { Stage } from './stages.ts';
import type { Mapping, OtherTables } from './step-kind.ts';
import type { TableSchema } from './table-schema.ts';
import { lookupOf, parse, type Walked, type WalkedStep } from './walk.ts';
import { withoutColumns } from './without-columns.ts';

/** A step that was carried out, as it is for a row of no fold. */
export interface MappedStep {
  id: string;
  step: Step;
  /** Its place in the recipe as people see it, from 1. */
  place: number;
  sentence: string;
  before: TableSchema;
  after: TableSchema;
  keepsRows: boolean;
  /** Null for a table step. */
  mapping: Mapping | null;
  lookup?: NonNullable<Stage['lookup']>;
  /** What it makes of rows that lack columns; null when nothing is left of it. */
  without: (gone: readonly string[]) => Mapping | null;
}

/** The steps that are on, with what they learned put in. */
export function replayed({ steps, stages }: Walked, others: OtherTables = new Map()): MappedStep[] {
  return steps.flatMap((walked, n) => {
    if (!walked.step.on || walked.problems.length > 0) return [];
    const keepsRows = stages.find(({ stepId }) => stepId === walked.step.id)?.keepsRows ?? true;
    return [mappedStep(walked, n + 1, keepsRows, others)];
  });
}

function mappedStep(walked: WalkedStep, place: number, keepsRows: boolean, others: OtherTables): MappedStep {
  const { step, before, after, sentence, learned } = walked;
  const parsed = parse(step);
  if ('problem' in parsed)
    throw new Error(`Step ${step.id} was carried out and cannot be read: ${parsed.problem.message}`);
  const { kind, settings } = parsed;
  const common = { id: step.id, step, place, sentence, before, after, keepsRows };
  if (kind.reach === 'table') return { ...common, mapping: null, without: () => null };
  const lookup = kind.reach === 'fitted' ? lookupOf(step, kind, settings, others) : undefined;
  const mapped = (own: unknown): Mapping =>
    kind.reach === 'rowwise' ? kind.map(own, before) : kind.map(own, before, learned?.all ?? null, lookup?.name ?? '');
  return {
    ...common,
    mapping: mapped(settings),
    ...(lookup ? { lookup } : {}),
    without: (gone) => {
      const rest = withoutColumns(kind, settings, gone);
      return rest === null ? null : mapped(rest);
    },
  };
}
