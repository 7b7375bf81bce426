import { quoteText } from '../../domain/recipe/sql-text.ts';
import { chain, type Stage } from '../../domain/recipe/stages.ts';
import { leftOutBy, rowNumber } from '../../domain/recipe/step-kind.ts';
import { sameName, type TableSchema } from '../../domain/recipe/table-schema.ts';
import type { WalkedStep } from '../../domain/recipe/walk.ts';
import { randomNumbers } from '../read-rows.ts';
import type { Session } from '../session.ts';
import { shownCell } from '../shown-cell.ts';
import { drawSql } from './assign-folds.ts';
import type { RecipePreview, RecipePreviewInput, ShownRecipeRow } from './recipe-calls.ts';
import type { Head } from './row-heads.ts';
import { changedCells, failing, trackedRows } from './tracked-rows.ts';

const ROWS = 50;
const CELL = 1000;

type Shown = Pick<RecipePreview, 'before' | 'after' | 'newColumns' | 'lostColumns' | 'rows'> & {
  /** The rows were chosen by number. */
  isChosen: boolean;
};

/** Rows as the last of these stages finds them, beside what it makes of them; as they are where it does nothing. */
export async function showStep(
  session: Session,
  source: Head,
  stages: readonly Stage[],
  seen: WalkedStep | undefined,
  input: RecipePreviewInput,
): Promise<Shown> {
  const last = stages.at(-1);
  const stage = last && last.stepId === seen?.step.id ? last : undefined;
  const earlier = stage ? stages.slice(0, -1) : stages;
  const before = earlier.at(-1)?.columns ?? source.schema;
  const after = stage?.columns ?? before;
  const view = new View(session, source, earlier, input);
  const found = stage && !stage.isRowwise ? await view.besideTable(stage) : await view.besideRows(stage);
  const has = (schema: TableSchema, name: string) => schema.some((column) => sameName(column.name, name));
  return {
    before,
    after,
    newColumns: after.filter(({ name }) => !has(before, name)).map(({ name }) => name),
    lostColumns: before.filter(({ name }) => !has(after, name)).map(({ name }) => name),
    rows: found.map((row) => present(row, before, after, input.cellLength ?? CELL)),
    isChosen: view.isChosen,
  };
}

interface FoundRow {
  number: number;
  leftOutBy: string | null;
  fails: boolean;
  before: (string | null)[] | null;
  after: (string | null)[];
}

function present(row: FoundRow, before: TableSchema, after: TableSchema, length: number): ShownRecipeRow {
  const cut = (cell: string | null) => (cell !== null && cell.length > length ? `${cell.slice(0, length)}…` : cell);
  const changed = after.flatMap(({ name }, place) => {
    const was = before.findIndex((column) => sameName(column.name, name));
    if (was < 0 || row.before === null || row.leftOutBy !== null) return [];
    return row.before[was] === row.after[place] ? [] : [place];
  });
  const shown = { before: row.before?.map(cut) ?? null, after: row.after.map(cut), changed };
  return { number: row.number + 1, ...shown, leftOutBy: row.leftOutBy, fails: row.fails };
}

class View {
  isChosen = false;
  readonly #session: Session;
  readonly #source: Head;
  readonly #earlier: readonly Stage[];
  readonly #input: RecipePreviewInput;
  readonly #limit: number;

  constructor(session: Session, source: Head, earlier: readonly Stage[], input: RecipePreviewInput) {
    this.#session = session;
    this.#source = source;
    this.#earlier = earlier;
    this.#input = input;
    this.#limit = Math.max(1, Math.min(1000, input.limit ?? ROWS));
  }

  /** Of a step that works row by row: each row as it was beside what it is now. */
  async besideRows(stage: Stage | undefined): Promise<FoundRow[]> {
    // The rows are picked behind the last step that needs the whole table; from there on they go by themselves.
    const from = this.#earlier.findLastIndex(({ isRowwise }) => !isRowwise) + 1;
    const rest = this.#earlier.slice(from);
    await this.#pick(from, rest, stage);
    const before = rest.at(-1)?.columns ?? this.#schemaAt(from);
    const old = await this.#rows(chain(rest, 'picked', (table) => cellsOf(table, before, stage?.fails)));
    const all = stage ? [...rest, stage] : rest;
    const now = stage
      ? await this.#rows(chain(all, 'picked', (table) => cellsOf(table, stage.columns, undefined)))
      : old;
    return now.map((row, n) => ({ ...row, fails: old[n]?.fails ?? false, before: old[n]?.after ?? null }));
  }

  /** Of a step that shapes the table: rows of the table after, and where they come from. */
  async besideTable(stage: Stage): Promise<FoundRow[]> {
    const all = [...this.#earlier, stage];
    const { rows: which, seed = 0 } = this.#input;
    const order = which === 'random' ? `ORDER BY ${drawSql(seed)} ` : '';
    const after = chain(all, this.#source.relation, (table) => `SELECT * FROM ${table} ${order}LIMIT ${this.#limit}`);
    await this.#session.run(`CREATE TEMP TABLE picked AS ${after}`);
    const now = await this.#rows(cellsOf('picked', stage.columns, undefined));
    if (!stage.keepsRows || now.length === 0) return now.map((row) => ({ ...row, fails: false, before: null }));
    const before = this.#earlier.at(-1)?.columns ?? this.#source.schema;
    const numbers = now.map(({ number }) => number).join(', ');
    const old = await this.#rows(
      chain(this.#earlier, this.#source.relation, (table) =>
        cellsOf(`(SELECT * FROM ${table} WHERE ${rowNumber} IN (${numbers}))`, before, undefined),
      ),
    );
    const origins = new Map(old.map((row) => [row.number, row.after]));
    return now.map((row) => ({ ...row, fails: false, before: origins.get(row.number) ?? null }));
  }

  #schemaAt(from: number): TableSchema {
    return from === 0 ? this.#source.schema : (this.#earlier[from - 1]?.columns ?? this.#source.schema);
  }

  /** The rows to look at, as the small table `picked`. */
  async #pick(from: number, rest: readonly Stage[], stage: Stage | undefined): Promise<void> {
    const { relation, whole } = this.#source;
    const { rows: which, numbers } = this.#input;
    const pick = (select: string) => this.#session.run(`CREATE TEMP TABLE picked AS ${select}`);
    if (from === 0 && numbers && which !== 'first') {
      this.isChosen = true;
      const inHead = numbers.every((number) => number < this.#source.rows);
      return pick(byNumber(inHead ? relation : whole, numbers.slice(0, this.#limit)));
    }
    const reached = this.#earlier.slice(0, from);
    const table = from === 0 ? relation : `(${chain(reached, relation, (each) => `SELECT * FROM ${each}`)})`;
    if (which === 'first') return pick(`SELECT * FROM ${table} LIMIT ${this.#limit}`);
    if (which === 'random') {
      if (from === 0)
        return pick(byNumber(table, randomNumbers(this.#limit, this.#source.rows, this.#input.seed ?? 0)));
      const drawn = `SELECT * FROM ${table} ORDER BY ${drawSql(this.#input.seed ?? 0)} LIMIT ${this.#limit}`;
      return pick(`SELECT * FROM (${drawn}) ORDER BY ${rowNumber}`);
    }
    const found = stage ? await this.#search(table, this.#schemaAt(from), [...rest, stage], which) : [];
    return pick(from === 0 ? byNumber(table, found) : amongRows(table, found));
  }

  /** Rows that the last stage changes, or cannot treat or leaves out. */
  async #search(
    table: string,
    schema: TableSchema,
    stages: readonly Stage[],
    which: 'changed' | 'failing',
  ): Promise<number[]> {
    const n = stages.length - 1;
    const stage = stages[n] as Stage;
    const before = stages[n - 1]?.columns ?? schema;
    const isCompared = stage.changes.some((name) => before.some((column) => sameName(column.name, name)));
    const left = stage.leaves ? [`${leftOutBy} = ${quoteText(stage.stepId)}`] : [];
    const condition =
      which === 'changed'
        ? isCompared && `${changedCells(n)} > 0`
        : [...(stage.fails === undefined ? [] : [failing(n)]), ...left].join(' OR ');
    if (!condition) return [];
    const isShown = (each: Stage) => each === stage;
    const tracking = { changes: isShown, failing: (each: Stage) => isShown(each) && each.fails !== undefined };
    const select = (each: string) => `SELECT ${rowNumber} FROM ${each} WHERE ${condition} LIMIT ${this.#limit}`;
    return (await this.#session.rows(trackedRows(stages, schema, table, tracking, select))).map(([row]) => Number(row));
  }

  async #rows(sql: string): Promise<Omit<FoundRow, 'before'>[]> {
    return (await this.#session.rows(sql)).map(([number, leftOut, fails, ...cells]) => ({
      number: Number(number),
      leftOutBy: leftOut as string | null,
      fails: fails === true,
      after: cells as (string | null)[],
    }));
  }
}

function cellsOf(table: string, columns: TableSchema, fails: string | undefined): string {
  const cells = columns.map(({ name, type }) => shownCell(name, type));
  const cannot = fails === undefined ? 'false' : `${leftOutBy} IS NULL AND coalesce(${fails}, false)`;
  return `SELECT ${[rowNumber, leftOutBy, cannot, ...cells].join(', ')} FROM ${table}`;
}

/** Only the row groups with these rows are read; the engine makes a join of it, which loses their order. */
function byNumber(table: string, numbers: readonly number[]): string {
  const wanted = numbers.length === 0 ? 'false' : `${rowNumber} IN (${numbers.join(', ')})`;
  return `SELECT * FROM ${table} WHERE ${wanted} ORDER BY ${rowNumber}`;
}

/** The same in the order of the table, which may be another one than that of the numbers. */
function amongRows(table: string, numbers: readonly number[]): string {
  return `SELECT * FROM ${table} WHERE list_contains(CAST([${numbers.join(', ')}] AS BIGINT[]), ${rowNumber})`;
}
