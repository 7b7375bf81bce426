import type { PreviewedStep, StepCounts } from '../../../data/recipe/recipe-calls.ts';
import { findKind } from '../../../domain/recipe/kinds.ts';
import type { StepProblem } from '../../../domain/recipe/step-kind.ts';
import type { RecipeDetail } from '../../services/recipe-views.ts';
import type { Chip } from '../chip.ts';
import { formatCount, formatMany } from '../plain-words.ts';
import { messageOf } from './step-form.ts';

export interface StepCard {
  id: string;
  number: number;
  /** Its sentence in pieces: what stands between quotation marks is the person's own. */
  words: { text: string; isName: boolean }[];
  /** What it learned, or that it is off. */
  note: string | null;
  /** What was learned rests on the first rows only. */
  isSample: boolean;
  problems: { message: string; instead: string }[];
  /** What may not be meant. */
  warning: string | null;
  counts: string[];
  chip: Chip | null;
  state: '' | 'bad' | 'off';
  isHere: boolean;
  isFirst: boolean;
  isLast: boolean;
  isOn: boolean;
  /** To look at the table after it. */
  href: string;
  editHref: string;
  title: string;
}

export interface CardInput {
  steps: RecipeDetail['steps'];
  seen: readonly PreviewedStep[];
  /** From the whole file, when that is known. */
  counted:
    | readonly Pick<StepCounts, 'id' | 'rowsIn' | 'changedCells' | 'failing' | 'leftOut' | 'learnedSentence'>[]
    | null;
  at: number;
  hrefOf: (at: number, edit: boolean) => string;
}

export function stepCards({ steps, seen, counted, at, hrefOf }: CardInput): StepCard[] {
  return steps.map((step, place) => {
    const look = seen.find(({ id }) => id === step.id);
    const count = counted?.find(({ id }) => id === step.id);
    const problems = step.on ? (look?.problems ?? []) : [];
    const kind = findKind(step.kind);
    const learned = count?.learnedSentence ?? look?.learnedSentence;
    const isHere = place === at;
    return {
      id: step.id,
      number: place + 1,
      words: wordsOf(isUnfinished(problems) ? (kind?.title ?? step.kind) : step.sentence),
      note: step.on ? (learned ?? (count ? null : (look?.notInSample ?? null))) : 'switched off',
      isSample:
        step.on && count?.learnedSentence === undefined && (look?.sample === true || look?.notInSample !== undefined),
      problems: problems.map((problem) => ({
        message: messageOf(problem, titleOf(kind?.fields ?? [], problem)),
        instead: problem.instead,
      })),
      warning: step.on ? (look?.warning ?? null) : null,
      counts: count && step.on && problems.length === 0 ? countsOf(count) : [],
      chip: chipOf({
        isOn: step.on,
        problems,
        failing: count?.failing.count ?? 0,
        isHere,
        rowsIn: count?.rowsIn ?? null,
      }),
      state: step.on ? (problems.length > 0 && !isUnfinished(problems) ? 'bad' : '') : 'off',
      isHere,
      isFirst: place === 0,
      isLast: place === steps.length - 1,
      isOn: step.on,
      href: hrefOf(place, false),
      editHref: hrefOf(place, true),
      title: kind?.title ?? step.kind,
    };
  });
}

/** A step that was only just added asks for its settings; that is no mistake of anybody. */
function isUnfinished(problems: readonly StepProblem[]): boolean {
  return problems.length > 0 && problems.every(({ instead }) => instead.startsWith('Complete the settings'));
}

function chipOf(look: {
  isOn: boolean;
  problems: readonly StepProblem[];
  failing: number;
  isHere: boolean;
  rowsIn: number | null;
}): Chip | null {
  if (!look.isOn) return { icon: '○', word: 'off', tone: 'plain' };
  if (isUnfinished(look.problems)) return { icon: '…', word: 'to complete', tone: 'wait' };
  if (look.problems.length > 0) return { icon: '✕', word: 'does not fit', tone: 'stop' };
  if (look.failing > 0) {
    const fail = look.failing === 1 ? 'row fails' : 'rows fail';
    return { icon: '!', word: `${formatCount(look.failing)} ${fail}`, tone: 'wait' };
  }
  if (look.isHere) return { icon: '●', word: 'here', tone: 'run' };
  return look.rowsIn === null ? null : { icon: '✓', word: 'fine', tone: 'go' };
}

type Count = NonNullable<CardInput['counted']>[number];

function countsOf({ rowsIn, changedCells, failing, leftOut }: Count): string[] {
  const counts: string[] = [];
  if (changedCells > 0) counts.push(`${formatMany(changedCells, 'cell')} changed`);
  if (leftOut.count > 0) counts.push(`${formatMany(leftOut.count, 'row')} left out`);
  if (failing.count > 0 && rowsIn !== null) {
    counts.push(
      `${formatCount(failing.count)} of ${formatMany(rowsIn, 'row')} ${failing.count === 1 ? 'fails' : 'fail'}`,
    );
  }
  return counts;
}

function titleOf(fields: readonly { name: string; title: string }[], { field }: StepProblem): string {
  return fields.find(({ name }) => name === field)?.title ?? 'This step';
}

/** “Fill missing “tenure” with the median” → words, a name, words. */
export function wordsOf(sentence: string): StepCard['words'] {
  // What comes behind a colon only says more.
  const end = sentence.indexOf(':');
  const [said, more] = end < 0 ? [sentence, ''] : [sentence.slice(0, end), sentence.slice(end)];
  const words = said
    .split(/(“[^”]*”)/)
    .filter((text) => text !== '')
    .map((text) => {
      const isName = text.startsWith('“') && text.endsWith('”');
      return { text: isName ? text.slice(1, -1) : text, isName };
    });
  return more === '' ? words : [...words, { text: more, isName: true }];
}
