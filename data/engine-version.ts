import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('@duckdb/node-api/package.json') as { version: string };

/** Of the data engine, as Python's package has it too; asked of the engine itself, it would be loaded here. */
export const engineVersion = version.replace(/-.*$/, '');
