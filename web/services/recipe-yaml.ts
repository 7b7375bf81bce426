import { type Document, isNode, isScalar, LineCounter, parseDocument, stringify, visit } from 'yaml';
import { z } from 'zod';
import { findKind } from '../../domain/recipe/kinds.ts';
import { type Step, stepSchema, stepsSchema } from '../../domain/recipe/recipe.ts';
import { freeStepId } from '../../domain/recipe/edit-steps.ts';
import { Refused } from './refused.ts';
import type { FieldProblem } from './views.ts';

const MOST_BYTES = 256 * 1024;
/** Keys of one recipe; far above what any has, and far below what takes long to look at. */
const MOST_KEYS = 20_000;

const fileSchema = z.strictObject({
  trainyard: z.literal('recipe', 'This is no recipe of Trainyard: it does not begin with “trainyard: recipe”.'),
  format: z.literal(1, {
    error: ({ input }) =>
      input === undefined
        ? 'It does not say how it is written: “format: 1”.'
        : 'This recipe was written by a newer version of Trainyard.',
  }),
  name: z.string().trim().min(1, 'Give it a name.').max(80).optional(),
  /** Names of datasets that steps look things up in, by id; for whoever reads it. */
  datasets: z.record(z.string(), z.string()).optional(),
  steps: z.array(stepSchema.partial({ id: true }).strict()),
});

export interface RecipeFile {
  name: string | undefined;
  steps: Step[];
}

export function recipeToYaml(recipe: {
  name: string;
  steps: readonly Step[];
  datasets: Record<string, string>;
}): string {
  const { name, steps, datasets } = recipe;
  const file = {
    trainyard: 'recipe',
    format: 1,
    name,
    ...(Object.keys(datasets).length === 0 ? {} : { datasets }),
    steps: steps.map(({ id, kind, on, onFailure, settings }) => ({
      id,
      kind,
      ...(on ? {} : { on }),
      ...(onFailure === 'empty' ? {} : { onFailure }),
      settings,
    })),
  };
  return stringify(file, { aliasDuplicateObjects: false, lineWidth: 0 });
}

/** Reads a file that anybody may have written. What is wrong is said with its line. */
export function recipeFromYaml(text: string): RecipeFile {
  if (Buffer.byteLength(text) > MOST_BYTES) {
    throw refused([{ field: 'yaml', message: `A recipe has at most ${MOST_BYTES / 1024} KB.` }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, schema: 'core', uniqueKeys: false });
  if (document.errors.length > 0) {
    throw refused(
      document.errors.slice(0, 10).map((error) => ({
        field: 'yaml',
        message: `Line ${error.linePos?.[0].line ?? 1}: ${(error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')}.`,
      })),
    );
  }
  requireUniqueKeys(document, lines);
  let value: unknown;
  try {
    // No aliases: a few lines of them can stand for more than any memory holds.
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    throw refused([{ field: 'yaml', message: 'Aliases (&name, *name) are not taken in a recipe.' }]);
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth >= 0; depth -= 1) {
      const node: unknown = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const at = (path: readonly PropertyKey[], message: string): FieldProblem => ({
    field: path.map(String).join('.') || 'yaml',
    message: `Line ${lineOf(path)}: ${message}`,
  });
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    throw refused(parsed.error.issues.slice(0, 10).map(({ path, message }) => at(path, message)));
  }
  const unknown = parsed.data.steps.flatMap(({ kind }, n) =>
    findKind(kind) ? [] : [at(['steps', n, 'kind'], `There is no kind of step called “${kind}”.`)],
  );
  if (unknown.length > 0) throw refused(unknown);
  const steps = withIds(parsed.data.steps);
  const whole = stepsSchema.safeParse(steps);
  if (!whole.success) throw refused(whole.error.issues.map(({ message }) => at(['steps'], message)));
  return { name: parsed.data.name, steps: whole.data };
}

/** The reader compares each key with every other one of its map, which takes a file of small keys half a minute. */
function requireUniqueKeys(document: Document, lines: LineCounter): void {
  let keys = 0;
  visit(document, {
    Map(_key, { items }) {
      keys += items.length;
      if (keys > MOST_KEYS) throw refused([{ field: 'yaml', message: `A recipe has at most ${MOST_KEYS} keys.` }]);
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : undefined;
        if (name === undefined) continue;
        if (seen.has(name)) {
          const line = isNode(key) && key.range ? lines.linePos(key.range[0]).line : 1;
          throw refused([{ field: 'yaml', message: `Line ${line}: “${name}” is there twice.` }]);
        }
        seen.add(name);
      }
    },
  });
}

/** Each step with an id of its own, as it has one or as one is free. */
export function withIds(steps: readonly (Omit<Step, 'id'> & { id?: string | undefined })[]): Step[] {
  const given: Step[] = steps.flatMap((step) => (step.id === undefined ? [] : [{ ...step, id: step.id }]));
  const made: Step[] = [];
  return steps.map((step) => {
    if (step.id !== undefined) return { ...step, id: step.id };
    const own = { ...step, id: freeStepId([...given, ...made]) };
    made.push(own);
    return own;
  });
}

function refused(problems: FieldProblem[]): Refused {
  return new Refused(422, 'The recipe cannot be read', problems[0]?.message ?? 'It cannot be read.', { problems });
}
