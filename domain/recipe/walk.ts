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
  for (const step of steps) {
    const seen = { step, before: current, after: current, problems: [] as StepProblem[], sentence: '' };
    const parsed = parse(step);
    if ('problem' in parsed) {
      walked.push({ ...seen, problems: step.on ? [parsed.problem] : [], sentence: step.kind });
      continue;
    }
    const sentence = parsed.kind.sentence(parsed.settings);
    const problems = step.on ? parsed.kind.check(parsed.settings, current, others) : [];
    if (!step.on || problems.length > 0) {
      walked.push({ ...seen, problems, sentence });
      continue;
    }
    const { stage, ...fit } = await stageOf(parsed, current, { others, learn, folds, stages });
    stages.push(stage);
    current = stage.columns.map(({ name, type }) => ({ name, type }));
    walked.push({ ...seen, sentence, after: current, ...fit });
  }
  return { steps: walked, stages, schema: current };
}

function parse(step: Step): ParsedStep | { problem: StepProblem } {
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
}

interface Staged extends Pick<WalkedStep, 'learned' | 'learnedSentence'> {
  stage: Stage;
}

async function stageOf(parsed: ParsedStep, schema: TableSchema, around: Surroundings): Promise<Staged> {
  const { step, kind, settings } = parsed;
  if (kind.reach === 'table') return { stage: shapeTable(step, kind.shape(settings, schema)) };
  if (kind.reach === 'rowwise') return { stage: mapRows(step, { at: () => kind.map(settings, schema), folds: 0 }) };
  const learned = await learnFrom(step, kind, settings, schema, around);
  const lookup = kind.lookup?.(settings, around.others);
  const lookupName = `lookup_${step.id}`;
  const rows: RowsAt = {
    at: (fold) =>
      kind.map(settings, schema, (fold === null ? undefined : learned.folds[fold]) ?? learned.all, lookupName),
    folds: learned.folds.length,
  };
  const stage = { ...mapRows(step, rows), ...(lookup ? { lookup: { name: lookupName, ...lookup } } : {}) };
  return { stage, learned, learnedSentence: kind.learnedSentence(settings, learned.all) };
}

async function learnFrom(
  step: Step,
  kind: FittedKind<unknown>,
  settings: unknown,
  schema: TableSchema,
  { learn, folds, stages }: Surroundings,
): Promise<{ all: Learned; folds: Learned[] }> {
  const { fit } = kind;
  if (!fit) return { all: null, folds: [] };
  const ask = (outside: number | null) =>
    learn({ step, outside, stages, sql: (before) => fit(settings, schema, before) });
  const all = await ask(null);
  const byFold: Learned[] = [];
  if (kind.learnsFrom) for (let fold = 0; fold < folds; fold += 1) byFold.push(await ask(fold));
  return { all, folds: byFold };
}
