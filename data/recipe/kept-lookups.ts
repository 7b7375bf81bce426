import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { findKind } from '../../domain/recipe/kinds.ts';
import { quoteText } from '../../domain/recipe/sql-text.ts';
import type { Lookup } from '../../domain/recipe/step-kind.ts';
import type { Session } from '../session.ts';
import type { RecipeInput } from './recipe-calls.ts';

const MOST_LOOKUPS = 8;

interface Place {
  path: string;
  part: string;
}

/** For one call: where the table that each step looks things up in is kept. */
export type LookupPlaces = ReadonlyMap<string, Place>;

/**
 * Tables to look things up in, reduced to the keys and columns that a step takes, and kept as Parquet beside: to read a
 * large dataset again at every key that a person presses takes seconds and all the memory there is.
 */
export class KeptLookups {
  /** By what it is made from; the one that was used last is last. */
  readonly #places = new Map<string, Place>();
  #folder: string | undefined;
  #next = 1;

  /** Asked before a call begins, which can then reach these files and no others. */
  placesFor({ steps, others = [] }: RecipeInput, tempFolder: string): LookupPlaces {
    const places = new Map<string, Place>();
    for (const { id, kind, on, settings } of steps) {
      const known = on ? findKind(kind) : undefined;
      if (known?.reach !== 'fitted' || !known.lookup) continue;
      const read = known.settings.safeParse(settings);
      if (!read.success) continue;
      // Its SQL says which columns it takes; their types are those of the file.
      const { datasetId, sql } = known.lookup(read.data, new Map());
      const other = others.find((each) => each.datasetId === datasetId);
      if (other) places.set(id, this.#placeOf(JSON.stringify([identityOf(other), sql('other')]), tempFolder));
    }
    this.#forget(places);
    return places;
  }

  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  #placeOf(madeFrom: string, tempFolder: string): Place {
    const key = createHash('sha256').update(madeFrom).digest('hex');
    const path = join(this.#folderIn(tempFolder), `${this.#next++}.parquet`);
    const place = this.#places.get(key) ?? { path, part: `${path}.part` };
    this.#places.delete(key);
    this.#places.set(key, place);
    return place;
  }

  /** Named as other folders of work are, so that the next process removes what a killed one left. */
  #folderIn(tempFolder: string): string {
    this.#folder ??= join(tempFolder, `data-${process.pid}-lookups`);
    mkdirSync(this.#folder, { recursive: true });
    return this.#folder;
  }

  #forget(inUse: LookupPlaces): void {
    const used = new Set([...inUse.values()].map(({ path }) => path));
    for (const [key, { path }] of this.#places) {
      if (this.#places.size <= MOST_LOOKUPS) return;
      if (used.has(path)) continue;
      this.#places.delete(key);
      rmSync(path, { force: true });
    }
  }
}

function identityOf({ parquet }: { parquet: string }): unknown[] {
  const { mtimeMs, size, ino } = statSync(parquet);
  return [parquet, mtimeMs, size, ino];
}

/** The table as a file: made the first time, found there every other time. */
export async function lookupFile(session: Session, { path, part }: Place, lookup: Lookup, other: string) {
  if (existsSync(path)) return path;
  await session.run(
    `COPY (${lookup.sql(other)}) TO ${quoteText(part)} (FORMAT parquet, COMPRESSION lz4_raw, USE_TMP_FILE false)`,
  );
  await rename(part, path);
  return path;
}
