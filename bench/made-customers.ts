import { statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteText } from '../data/sql-text.ts';

/** About this many bytes are a row of the CSV. */
const ROW_BYTES = 92;

/** A table of customers as people have them: text in many spellings, gaps, bad dates, numbers that are far off. */
export async function makeCustomers(csv: string, megabytes: number): Promise<{ rows: number; bytes: number }> {
  const rows = Math.round((megabytes * 1e6) / ROW_BYTES);
  const engine = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' });
  const connection = await engine.connect();
  const draw = (salt: number, below: number) => `CAST(hash(i, ${salt}) % ${below} AS BIGINT)`;
  await connection.run(`COPY (SELECT
    i AS customer,
    CASE WHEN ${draw(1, 20)} > 0 THEN ${draw(2, 72)} END AS tenure,
    [' Basic', 'basic', 'BASIC ', 'Premium', 'premium', 'PREMIUM', 'Family', 'family  plus', 'Trial'][1 + ${draw(3, 9)}] AS plan,
    CASE WHEN ${draw(4, 50)} = 0 THEN 'unknown' ELSE strftime(DATE '2018-01-01' + CAST(${draw(5, 2900)} AS INTEGER), '%Y-%m-%d') END AS signup,
    CASE WHEN ${draw(6, 33)} > 0 THEN round(18.25 + ${draw(7, 10000)} / 100, 2) END AS monthly_fee,
    round(${draw(8, 900_000)} / 100, 2) AS total_paid,
    CASE WHEN ${draw(9, 10)} > 0 THEN ['Berlin', 'Hamburg', 'Wien', 'Zürich', 'Köln', 'Graz', 'Bern', 'Lyon'][1 + ${draw(10, 8)}] END AS city,
    ${draw(11, 2)} = 1 AS paperless,
    ${draw(12, 400)} AS calls,
    'note ' || ${draw(13, 1_000_000)} || ' about ' || ${draw(14, 100_000)} AS note,
    round(sqrt(${draw(15, 1_000_000)}), 4) AS score,
    CASE WHEN ${draw(16, 100)} < 26 THEN 'yes' ELSE 'no' END AS churned
    FROM range(${rows}) AS made(i)) TO ${quoteText(csv)} (FORMAT csv, HEADER)`);
  connection.closeSync();
  engine.closeSync();
  return { rows, bytes: statSync(csv).size };
}
