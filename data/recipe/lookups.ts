import { join } from 'node:path';
import { findKind } from '../../domain/recipe/kinds.ts';
import { quoteName, quoteText } from '../../domain/recipe/sql-text.ts';
import type { Stage } from '../../domain/recipe/stages.ts';
import { parquetOptions } from '../parquet-options.ts';
import type { Session } from '../session.ts';
import { lookupFile, type LookupPlaces } from './kept-lookups.ts';
import type { KeptLookup, RunRecipeInput } from './recipe-calls.ts';

type Others = ReadonlyMap<string, { parquet: string }>;

/** Whether a recipe looks anything up. */
export function looksUp(input: Pick<RunRecipeInput, 'steps'>): boolean {
  return lookupSteps(input).length > 0;
}

function lookupSteps({ steps }: Pick<RunRecipeInput, 'steps'>): string[] {
  return steps.flatMap(({ id, kind, on }) => {
    const found = findKind(kind);
    return on && found?.reach === 'fitted' && found.lookup ? [id] : [];
  });
}

/** Where a run keeps the tables that its steps look things up in. */
export function lookupPaths(input: Pick<RunRecipeInput, 'steps' | 'toLookups'>): string[] {
  const { toLookups } = input;
  return toLookups === undefined ? [] : lookupSteps(input).map((id) => join(toLookups, `${id}.parquet`));
}

interface LookupFiles {
  keep?: ReadonlyMap<string, { part: string; path: string }>;
  places?: LookupPlaces;
}

/** The small tables that steps look things up in, made before the first query that names them. */
export class Lookups {
  readonly kept: KeptLookup[] = [];
  readonly #session: Session;
  readonly #others: Others;
  readonly #made = new Set<string>();
  /** Where each is to be kept: the file that is written, and the name that it gets. */
  readonly #keep: ReadonlyMap<string, { part: string; path: string }>;
  /** Where those lie that the next call may need again. */
  readonly #places: LookupPlaces;

  constructor(session: Session, others: Others, { keep, places }: LookupFiles = {}) {
    this.#session = session;
    this.#others = others;
    this.#keep = keep ?? new Map();
    this.#places = places ?? new Map();
  }

  async make(stages: readonly { stepId: string; lookup?: Stage['lookup'] | undefined }[]): Promise<void> {
    for (const { stepId, lookup } of stages) {
      if (!lookup || this.#made.has(lookup.name)) continue;
      this.#made.add(lookup.name);
      const other = this.#others.get(lookup.datasetId);
      if (!other)
        throw new Error(`The step ${stepId} looks into the dataset ${lookup.datasetId}, which was not given.`);
      const source = `read_parquet(${quoteText(other.parquet)})`;
      const place = this.#places.get(stepId);
      if (place) {
        const file = await lookupFile(this.#session, place, lookup, source);
        await this.#session.run(`CREATE TEMP VIEW ${quoteName(lookup.name)} AS FROM read_parquet(${quoteText(file)})`);
        continue;
      }
      const select = lookup.sql(source);
      const keep = this.#keep.get(stepId);
      if (keep) {
        const { path, part } = keep;
        await this.#session.run(
          `COPY (${select}) TO ${quoteText(part)} (${parquetOptions(lookup.columns.length, 'zstd')})`,
        );
        this.kept.push({ stepId, datasetId: lookup.datasetId, path, columns: lookup.columns });
      }
      await this.#session.run(
        `CREATE TEMP TABLE ${quoteName(lookup.name)} AS ${keep ? `FROM read_parquet(${quoteText(keep.part)})` : select}`,
      );
    }
  }
}

/** Which of the files that a call writes is which step's lookup. */
export function keptAt(input: RunRecipeInput, parts: readonly string[]): Map<string, { part: string; path: string }> {
  const paths = lookupPaths(input);
  const from = parts.length - paths.length;
  const ids = lookupSteps(input);
  return new Map(paths.map((path, n) => [ids[n] as string, { path, part: parts[from + n] as string }]));
}
