import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** To open a data engine takes longer than most recipes: each test file has one for each number of threads. */
const engines = new Map<number, Promise<DuckDBInstance>>();

afterAll(async () => {
  for (const engine of engines.values()) (await engine).closeSync();
  engines.clear();
});

/** A connection of its own, on which every table has to be temporary: such a one is seen and kept by it alone. */
export async function withConnection<Made>(
  threads: number,
  work: (connection: DuckDBConnection) => Promise<Made>,
): Promise<Made> {
  const engine = engines.get(threads) ?? DuckDBInstance.create(':memory:', { threads: String(threads) });
  engines.set(threads, engine);
  const connection = await (await engine).connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
  }
}
