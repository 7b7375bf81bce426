import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainyardError } from '../../domain/failures.ts';
import { quoteName, quoteText } from '../../domain/recipe/sql-text.ts';
import { chain, type Stage } from '../../domain/recipe/stages.ts';
import { leftOutBy, rowNumber } from '../../domain/recipe/step-kind.ts';
import { isImage, type TableSchema } from '../../domain/recipe/table-schema.ts';
import type { Learned } from '../../domain/recipe/step-kind.ts';
import type { DataProgress } from '../data-calls.ts';
import { parquetOptions } from '../parquet-options.ts';
import { cellText, type Session } from '../session.ts';
import { showValue } from '../show-value.ts';
import { askEngine, type Question, trainingRows } from './learn.ts';
import type { Lookups } from './lookups.ts';
import { type RecipeTable, relationOf } from './recipe-table.ts';
import { COUNT_CELLS, countSql, everything, type StageCounts, stopsOnly, trackedRows } from './tracked-rows.ts';

const REPORT_MS = 250;

export interface CountedStage extends StageCounts {
  rowsIn: number;
  /** Null until the table after is written. */
  rowsOut: number | null;
}

export interface PassesOptions {
  lookups: Lookups;
  /** Watches every step, and names rows; otherwise only what a run must know is counted. */
  watch: boolean;
  named: number;
  /** About how many passes through the data there will be. */
  ofPasses: number;
  /** Gives the rows their folds, after the step that regroups them for the last time (undefined: at once). */
  folds?: { after: string | undefined; assign(relation: string, schema: TableSchema): Promise<string> } | undefined;
  /** The number of a step in the recipe, and its sentence, for messages. */
  nameOf(stepId: string): string;
}

/**
 * Goes through a whole file as seldom as it can. What works row by row is one query from the table at the base to the
 * end; what needs the whole table is written down, if anything after it is to be asked more than once, and becomes the
 * base of what follows.
 */
export class Passes {
  readonly counted = new Map<string, CountedStage>();
  readonly #session: Session;
  readonly #options: PassesOptions;
  #base: { relation: string; done: number; schema: TableSchema; file?: string };
  /** Rows at the base; all of them are kept. */
  #rows: number;
  #passes = 0;

  constructor(session: Session, table: RecipeTable, options: PassesOptions) {
    this.#session = session;
    this.#options = options;
    this.#base = { relation: table.relation, done: 0, schema: table.schema };
    this.#rows = table.total;
  }

  /** Before the first question: the folds, if no step regroups the rows. */
  async begin(): Promise<void> {
    const { folds } = this.#options;
    if (folds && folds.after === undefined) {
      this.#base.relation = await folds.assign(this.#base.relation, this.#base.schema);
    }
  }

  async learn({ step, outside, sql, stages, lookup }: Question): Promise<Learned> {
    await this.#options.lookups.make([...stages, { stepId: step.id, lookup }]);
    await this.#arrange(stages, () => true);
    const text = this.#select(stages, (table) => sql(trainingRows(table, outside)));
    return this.#watched('learning', step.id, () => askEngine(this.#session, text));
  }

  /** Counts what is left to count; afterwards `write` or `countRows` ends it. */
  async finish(stages: readonly Stage[]): Promise<void> {
    await this.#options.lookups.make(stages);
    const needsMore = (after: readonly Stage[]) => after.some((stage) => !stage.isRowwise || this.#isWatched(stage));
    await this.#arrange(stages, (at) => this.#regroups(stages[at]) || needsMore(stages.slice(at + 1)));
    // With a table step in between, what comes after it neither leaves out nor is watched.
    if (stages.slice(this.#base.done).every(({ isRowwise }) => isRowwise)) {
      await this.#count(stages.slice(this.#base.done));
    }
  }

  /** The rows that are kept at the end, as a SELECT of these. */
  result(stages: readonly Stage[], selected: string): string {
    return this.#select(stages, (table) => `SELECT ${selected} FROM ${table} WHERE ${leftOutBy} IS NULL`);
  }

  async write(select: string, schema: TableSchema, to: string): Promise<number> {
    await this.#watched('writing', undefined, () =>
      this.#session.run(`COPY (${select}) TO ${quoteText(to)} (${optionsFor(schema, 'zstd')})`),
    );
    const [written] = await this.#session.row(`SELECT count(*) FROM read_parquet(${quoteText(to)})`);
    return Number(written);
  }

  async countRows(stages: readonly Stage[]): Promise<number> {
    if (stages.slice(this.#base.done).every(({ isRowwise }) => isRowwise)) return this.#rows;
    const [rows] = await this.#watched('checking', undefined, () => this.#session.row(this.result(stages, 'count(*)')));
    return Number(rows);
  }

  /** Rows after steps that nothing was asked of any more. */
  settle(stages: readonly Stage[], rows: number): void {
    for (const { stepId } of stages) {
      const counted = this.counted.get(stepId) ?? nothing(rows);
      this.counted.set(stepId, { ...counted, rowsOut: counted.rowsOut ?? rows });
    }
  }

  async #watched<T>(doing: DataProgress['doing'], stepId: string | undefined, work: () => Promise<T>): Promise<T> {
    const tell = (rows: number, ofRows: number) => {
      const ofPasses = Math.max(this.#options.ofPasses, this.#passes + 1);
      const step = stepId === undefined ? {} : { stepId };
      this.#session.report({ doing, ...step, rows, ofRows, passes: this.#passes, ofPasses });
    };
    const timer = setInterval(() => {
      const progress = this.#session.progress();
      if (progress) tell(Math.min(progress.rows, progress.ofRows), progress.ofRows);
    }, REPORT_MS);
    try {
      tell(0, this.#rows);
      return await work();
    } finally {
      clearInterval(timer);
      this.#passes += 1;
    }
  }

  #isWatched(stage: Stage): boolean {
    const tracking = this.#tracking;
    return stage.leaves || tracking.changes(stage) || tracking.failing(stage);
  }

  get #tracking() {
    return this.#options.watch ? everything : stopsOnly;
  }

  #regroups(stage: Stage | undefined): boolean {
    const after = this.#options.folds?.after;
    return after !== undefined && stage?.stepId === after;
  }

  #select(stages: readonly Stage[], last: (table: string) => string): string {
    return chain(stages.slice(this.#base.done), this.#base.relation, last);
  }

  /** Brings the base behind the table steps, as far as they must be written down. */
  async #arrange(stages: readonly Stage[], writes: (at: number) => boolean): Promise<void> {
    for (let at = this.#base.done; at < stages.length; at += 1) {
      const stage = stages[at] as Stage;
      if (stage.isRowwise) continue;
      if (!this.counted.has(stage.stepId)) {
        const kept = await this.#count(stages.slice(this.#base.done, at));
        this.counted.set(stage.stepId, { ...nothing(kept), rowsOut: null });
      }
      if (!writes(at)) return;
      await this.#writeDown(stages.slice(0, at + 1), stage);
    }
  }

  async #writeDown(stages: readonly Stage[], stage: Stage): Promise<void> {
    const file = join(this.#session.workFolder, `arranged-${stages.length}.parquet`);
    const select = this.#select(stages, (table) => `SELECT * FROM ${table}`);
    await this.#watched('arranging', stage.stepId, () =>
      this.#session.run(`COPY (${select}) TO ${quoteText(file)} (${optionsFor(stage.columns, 'lz4_raw')})`),
    );
    if (this.#base.file !== undefined) await rm(this.#base.file, { force: true });
    const relation = relationOf(file);
    this.#base = { relation, done: stages.length, schema: stage.columns, file };
    this.#rows = Number((await this.#session.row(`SELECT count(*) FROM read_parquet(${quoteText(file)})`))[0]);
    this.counted.set(stage.stepId, { ...(this.counted.get(stage.stepId) ?? nothing(0)), rowsOut: this.#rows });
    if (this.#regroups(stage)) {
      this.#base.relation = (await this.#options.folds?.assign(relation, stage.columns)) ?? relation;
    }
  }

  /** Counts steps that work row by row, from the base on; the number of rows that are kept. */
  async #count(stages: readonly Stage[]): Promise<number> {
    const { schema, relation } = this.#base;
    if (!stages.some((stage) => this.#isWatched(stage))) {
      for (const { stepId } of stages) this.counted.set(stepId, nothing(this.#rows));
      return this.#rows;
    }
    const select = countSql(stages, schema, this.#tracking, this.#options.named);
    const text = trackedRows(stages, schema, relation, this.#tracking, select);
    const [kept, ...cells] = await this.#watched('checking', undefined, () => this.#session.row(text));
    let rows = this.#rows;
    for (const [n, stage] of stages.entries()) {
      const counts = countsOf(cells.slice(n * COUNT_CELLS, (n + 1) * COUNT_CELLS));
      await this.#stopAt(stages.slice(0, n), stage, counts);
      this.counted.set(stage.stepId, { ...counts, rowsIn: rows, rowsOut: rows - counts.leftOut.count });
      rows -= counts.leftOut.count;
    }
    this.#rows = Number(kept) === rows ? this.#rows : Number.NaN;
    if (Number.isNaN(this.#rows)) throw new Error(`${cellText(kept)} rows are kept, but the steps left ${rows}.`);
    return rows;
  }

  async #stopAt(before: readonly Stage[], stage: Stage, { failing }: StageCounts): Promise<void> {
    if (this.#options.watch || stage.onFailure !== 'stop' || failing.count === 0) return;
    const fails = stage.fails ?? '';
    const schema = before.at(-1)?.columns ?? this.#base.schema;
    const looked = schema.filter(({ name }) => fails.includes(quoteName(name)));
    const cells = looked.map(({ name }) => `CAST(${quoteName(name)} AS VARCHAR)`);
    const row = failing.numbers[0] as number;
    const where = `WHERE ${rowNumber} = ${row} LIMIT 1`;
    const found = await this.#session.row(
      chain(
        before,
        this.#base.relation,
        (table) => `SELECT ${[rowNumber, ...cells].join(', ')} FROM ${table} ${where}`,
      ),
    );
    const values = looked.map(({ name }, n) => {
      const cell = found[n + 1] ?? null;
      return `${showValue(name)} is ${cell === null ? 'missing' : showValue(cellText(cell))}`;
    });
    const more = failing.count > 1 ? ` The same goes for ${(failing.count - 1).toLocaleString('en-US')} more.` : '';
    throw new TrainyardError(
      'BadData',
      `${this.#options.nameOf(stage.stepId)} cannot treat row ${row + 1}${values.length > 0 ? `: ${values.join(', ')}` : ''}.${more}`,
      'Mend the data, or let the step leave such values empty or drop such rows.',
    );
  }
}

function countsOf(cells: readonly unknown[]): StageCounts {
  const [changedCells, changed, changedRows, failing, failingRows, left, leftRows] = cells;
  const found = (count: unknown, numbers: unknown) => ({
    count: Number(count ?? 0),
    numbers: Array.isArray(numbers) ? numbers.map(Number) : [],
  });
  return {
    changedCells: Number(changedCells ?? 0),
    changed: found(changed, changedRows),
    failing: found(failing, failingRows),
    leftOut: found(left, leftRows),
  };
}

function nothing(rows: number): CountedStage {
  const none = { count: 0, numbers: [] };
  return { rowsIn: rows, rowsOut: rows, changedCells: 0, changed: none, failing: none, leftOut: none };
}

function optionsFor(schema: TableSchema, compression: 'zstd' | 'lz4_raw'): string {
  return parquetOptions(schema.length, compression, schema.some(isImage));
}
