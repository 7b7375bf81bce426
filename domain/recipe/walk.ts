import { findKind } from './kinds.ts';
import { mapRows, type RowsAt, type Stage, shapeTable } from './stages.ts';
import type { Step } from './recipe.ts';
import type { FittedKind, Learned, OtherTables, ParsedStep, StepProblem } from './step-kind.ts';
import type { TableSchema } from './table-schema.ts';

/** How a fitted step comes by what it learned: from the rows, or from where it was kept. */
export type Learn = (ask: {
  step: Step;
  /** The training rows outside this fold; null for all training rows. */
  outside: number | null;
  /** The SELECT of `learned`, from the table before the step, whose name is put in. */
  sql: (before: string) => string;
  /** The steps before, to make that table with. */
  stages: readonly Stage[];
  /**
   * A later step makes other things of the rows, so these are neither in training nor held out: their folds mean
   * nothing, and all of them are learned from.
   */
  fromAllRows: boolean;
  /** The table that the step looks things up in; its SQL knows it by this name. */
  lookup?: NonNullable<Stage['lookup']>;
}) => Promise<Learned>;

export interface WalkInput {
  steps: readonly Step[];
  schema: TableSchema;
  /** Datasets that steps look things up in. */
  others?: OtherTables;
  learn: Learn;
  /** Folds over which steps that learn from the label are cross-fitted; 0 when nothing is to be cross-fitted. */
  folds?: number;
}

export interface WalkedStep {
  step: Step;
  before: TableSchema;
  after: TableSchema;
  /** Empty when the step can be carried out. One that cannot is passed over, so that later steps can still be checked. */
  problems: StepProblem[];
  sentence: string;
  learned?: { all: Learned; folds: Learned[] };
  learnedSentence?: string;
  /** It learned from rows that training holds out, too, because a later step makes other things of the rows. */
  learnedFromAllRows?: true;
  /** It has problems, but a step before learned which columns there are: from more rows it may learn of more. */
  mayFitMoreRows?: true;
}

export interface Walked {
  steps: WalkedStep[];
  /** What is carried out, in order. */
  stages: Stage[];
  schema: TableSchema;
}

/** Goes through a recipe step by step: checks each on the table as it is at that point, fits it, and says its SQL. */
export async function walk({ steps, schema, others = new Map(), learn, folds = 0 }: WalkInput): Promise<Walked> {
  const walked: WalkedStep[] = [];
  const stages: Stage[] = [];
  let current = schema;
  const regrouped = lastRegrouping(steps);
  let hasLearnedColumns = false;
  for (const [place, step] of steps.entries()) {
    const seen = { step, before: current, after: current, problems: [] as StepProblem[], sentence: '' };
    const parsed = parse(step);
    if ('problem' in parsed) {
      walked.push({ ...seen, problems: step.on ? [parsed.problem] : [], sentence: step.kind });
      continue;
    }
    const sentence = parsed.kind.sentence(parsed.settings);
    const problems = step.on ? parsed.kind.check(parsed.settings, current, others) : [];
    const mayFit = hasLearnedColumns ? { mayFitMoreRows: true as const } : {};
    if (!step.on || problems.length > 0) {
      walked.push({ ...seen, problems, sentence, ...(problems.length > 0 ? mayFit : {}) });
      continue;
    }
    const fromAllRows = place < regrouped;
    const around = { others, learn, folds: fromAllRows ? 0 : folds, stages, fromAllRows };
    const staged = await stageOf(parsed, current, around);
    if ('refused' in staged) {
      walked.push({ ...seen, problems: staged.refused, sentence, ...mayFit });
      continue;
    }
    const { stage, ...fit } = staged;
    hasLearnedColumns ||= 'learned' in fit && !isSameColumns(current, stage.columns);
    stages.push(stage);
    current = stage.columns.map(({ name, type }) => ({ name, type }));
    walked.push({ ...seen, sentence, after: current, ...fit });
  }
  return { steps: walked, stages, schema: current };
}

export function isSameColumns(one: TableSchema, other: TableSchema): boolean {
  return (
    one.length === other.length && one.every(({ name, type }, n) => other[n]?.name === name && other[n].type === type)
  );
}

/** The place of the last step after which rows are other things than before; −1 without one. */
export function lastRegrouping(steps: readonly Step[]): number {
  return steps.findLastIndex(({ on, kind: name }) => {
    const kind = on ? findKind(name) : undefined;
    return kind?.reach === 'table' && kind.regroups;
  });
}

export function parse(step: Step): ParsedStep | { problem: StepProblem } {
  const kind = findKind(step.kind);
  if (!kind) {
    const message = `There is no kind of step called “${step.kind}”.`;
    return { problem: { message, instead: 'Take the step out, or choose another kind.' } };
  }
  const parsed = kind.settings.safeParse(step.settings);
  if (parsed.success) return { step, kind, settings: parsed.data };
  const [issue] = parsed.error.issues;
  return {
    problem: {
      ...(issue?.path[0] === undefined ? {} : { field: String(issue.path[0]) }),
      message: issue?.message ?? 'The settings of this step cannot be read.',
      instead: 'Complete the settings, or switch the step off.',
    },
  };
}

interface Surroundings {
  others: OtherTables;
  learn: Learn;
  folds: number;
  stages: readonly Stage[];
  fromAllRows: boolean;
}

interface Staged extends Pick<WalkedStep, 'learned' | 'learnedSentence' | 'learnedFromAllRows'> {
  stage: Stage;
}

async function stageOf(
  parsed: ParsedStep,
  schema: TableSchema,
  around: Surroundings,
): Promise<Staged | { refused: StepProblem[] }> {
  const { step, kind, settings } = parsed;
  if (kind.reach === 'table') return { stage: shapeTable(step, kind.shape(settings, schema)) };
  if (kind.reach === 'rowwise') return { stage: mapRows(step, { at: () => kind.map(settings, schema), folds: 0 }) };
  const lookup = lookupOf(step, kind, settings, around.others);
  const learned = await learnFrom(parsed, kind, schema, around, lookup);
  const refused = kind.refuses?.(settings, learned.all) ?? [];
  if (refused.length > 0) return { refused };
  const rows: RowsAt = {
    at: (fold) =>
      kind.map(settings, schema, (fold === null ? undefined : learned.folds[fold]) ?? learned.all, lookup?.name ?? ''),
    folds: learned.folds.length,
  };
  const stage = { ...mapRows(step, rows), ...(lookup ? { lookup } : {}) };
  return {
    stage,
    learned,
    learnedSentence: kind.learnedSentence(settings, learned.all),
    ...(around.fromAllRows && kind.fit ? { learnedFromAllRows: true as const } : {}),
  };
}

export function lookupOf(
  step: Step,
  kind: FittedKind<unknown>,
  settings: unknown,
  others: OtherTables,
): NonNullable<Stage['lookup']> | undefined {
  return kind.lookup && { name: `lookup_${step.id}`, ...kind.lookup(settings, others) };
}

async function learnFrom(
  { step, settings }: ParsedStep,
  kind: FittedKind<unknown>,
  schema: TableSchema,
  { learn, folds, stages, fromAllRows }: Surroundings,
  lookup: Stage['lookup'],
): Promise<{ all: Learned; folds: Learned[] }> {
  const { fit } = kind;
  if (!fit) return { all: null, folds: [] };
  const sql = (before: string) => fit(settings, schema, before, lookup?.name ?? '');
  const ask = (outside: number | null) =>
    learn({ step, outside, stages, sql, fromAllRows, ...(lookup ? { lookup } : {}) });
  const all = await ask(null);
  const byFold: Learned[] = [];
  if (kind.learnsFrom) for (let fold = 0; fold < folds; fold += 1) byFold.push(await ask(fold));
  return { all, folds: byFold };
}
