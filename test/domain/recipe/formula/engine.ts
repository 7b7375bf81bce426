import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { compileFormula } from '../../../../domain/recipe/formula/compile-formula.ts';
import type { TableSchema } from '../../../../domain/recipe/table-schema.ts';

/** A table with the values at which formulas break: nothing, zero, the largest, the last day. */
export const schema: TableSchema = [
  { name: 'age', type: 'BIGINT' },
  { name: 'fee', type: 'DOUBLE' },
  { name: 'city', type: 'VARCHAR' },
  { name: 'left', type: 'BOOLEAN' },
  { name: 'signup', type: 'DATE' },
  { name: 'seen', type: 'TIMESTAMP' },
  { name: `a "b"'; DROP TABLE t; -- <b>[x]`, type: 'BIGINT' },
];

const rows = [
  `(0, 30, 20.5, 'Berlin', true, '2024-03-31', '2024-04-01 10:30:00', 1)`,
  `(1, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
  `(2, 0, 0.0, 'x', false, '1970-01-01', '1970-01-01 00:00:00', 0)`,
  `(3, 9223372036854775807, 1e308, '12.5', false, '5881580-07-10', '294247-01-10 04:00:54.775806', -1)`,
  `(4, -9223372036854775808, -1e308, ' ', true, '-5877641-06-25', '-290308-12-22 00:00:00', 2)`,
  `(5, -7, 'inf', 'äöü 😀', true, '2000-02-29', '1999-12-31 23:59:59', 3)`,
];

export class FormulaEngine {
  readonly #connection: DuckDBConnection;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async open(): Promise<FormulaEngine> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    const columns = schema.map(({ name, type }) => `"${name.replaceAll('"', '""')}" ${type}`);
    await connection.run(`CREATE TABLE t (n INTEGER, ${columns.join(', ')})`);
    await connection.run(`INSERT INTO t VALUES ${rows.join(', ')}`);
    return new FormulaEngine(connection);
  }

  close(): void {
    this.#connection.closeSync();
  }

  /** What a formula gives for each row, and of which type the engine says it is. */
  async all(formula: string): Promise<{ declared: string; type: string; values: unknown[] }> {
    const { sql, type } = compileFormula(formula, schema);
    const result = await this.#connection.runAndReadAll(`SELECT ${sql} AS value FROM t ORDER BY n`);
    const values = result.getRowsJson().map(([value]) => value);
    return { declared: type, type: String(result.columnType(0)), values };
  }

  /** For the first row, of everyday values; the third has zeros. */
  async first(formula: string, row = 0): Promise<unknown> {
    const { values, type } = await this.all(formula);
    const value = values[row];
    return type === 'BIGINT' && value !== null ? Number(value) : value;
  }
}
