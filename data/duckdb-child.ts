import { existsSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TrainyardError } from '../domain/failures.ts';
import { conform } from './conform.ts';
import type {
  ConformInput,
  EngineSettings,
  Failed,
  FromChild,
  ImageCellInput,
  IngestInput,
  JsonRowsInput,
  ProfileInput,
  RowsInput,
  ToChild,
  ToCsvInput,
  ToJsonInput,
} from './data-calls.ts';
import { writeCsv, writeJson } from './export-rows.ts';
import { imageCell } from './images/image-cell.ts';
import { ingest } from './ingest.ts';
import type { AgainstLabelInput, LookCloserInput, RelationInput } from './look-calls.ts';
import { againstLabel, lookCloser } from './look-closer.ts';
import { jsonRows, readRows } from './read-rows.ts';
import { profile } from './profile.ts';
import { checkRecipe } from './recipe/check-recipe.ts';
import { KeptLookups } from './recipe/kept-lookups.ts';
import { lookupPaths } from './recipe/lookups.ts';
import { previewRecipe } from './recipe/preview-recipe.ts';
import type { RecipeCheckInput, RecipeInput, RecipePreviewInput, RunRecipeInput } from './recipe/recipe-calls.ts';
import { RowHeads } from './recipe/row-heads.ts';
import { runRecipe } from './recipe/run-recipe.ts';
import { relation } from './relation.ts';
import { openEngine, openSession, type Session } from './session.ts';
import { partOf, rejectedPath } from './work-folder.ts';

type Call = Extract<ToChild, { kind: 'call' }>;

const settings = JSON.parse(process.argv[2] ?? '{}') as EngineSettings;
let spare = openEngine(settings);
const running = new Map<number, { abort: AbortController; leftovers: string[] }>();

const heads = new RowHeads();
const lookups = new KeptLookups();

/** What a call reads and writes, and how it is done; what it writes gets its name only when it is whole. */
function plan(call: Call): { read: string[]; write: string[]; act: (session: Session, parts: string[]) => unknown } {
  switch (call.verb) {
    case 'ingest': {
      const input = call.input as IngestInput;
      const write = [input.toParquet, rejectedPath(input)];
      return { read: [input.path], write, act: (s, [part = '', rejected = '']) => ingest(s, input, part, rejected) };
    }
    case 'conform': {
      const input = call.input as ConformInput;
      return { read: [input.path], write: [input.toParquet], act: (s, [part = '']) => conform(s, input, part) };
    }
    case 'profile': {
      const input = call.input as ProfileInput;
      return { read: [input.parquet], write: [], act: (s) => profile(s, input) };
    }
    case 'rows': {
      const input = call.input as RowsInput;
      return { read: [input.parquet], write: [], act: (s) => readRows(s, input) };
    }
    case 'jsonRows': {
      const input = call.input as JsonRowsInput;
      return { read: [input.parquet], write: [], act: (s) => jsonRows(s, input) };
    }
    case 'imageCell': {
      const input = call.input as ImageCellInput;
      return { read: [input.parquet], write: [], act: (s) => imageCell(s, input) };
    }
    case 'toCsv': {
      const input = call.input as ToCsvInput;
      return { read: [input.parquet], write: [input.path], act: (s, [part = '']) => writeCsv(s, input, part) };
    }
    case 'toJson': {
      const input = call.input as ToJsonInput;
      return { read: [input.parquet], write: [input.path], act: (s, [part = '']) => writeJson(s, input, part) };
    }
    case 'lookCloser': {
      const input = call.input as LookCloserInput;
      return { read: [input.parquet], write: [], act: (s) => lookCloser(s, input) };
    }
    case 'againstLabel': {
      const input = call.input as AgainstLabelInput;
      return { read: [input.parquet], write: [], act: (s) => againstLabel(s, input) };
    }
    case 'relation': {
      const input = call.input as RelationInput;
      return { read: [input.parquet], write: [], act: (s) => relation(s, input) };
    }
    case 'recipePreview': {
      const input = call.input as RecipePreviewInput;
      const place = input.exact ? undefined : heads.placeOf(input.parquet, dirname(call.workFolder));
      const places = lookups.placesFor(input, dirname(call.workFolder));
      const read = [...recipeFiles(input), ...filesOf([...(place ? [place] : []), ...places.values()])];
      return { read, write: [], act: (s) => previewRecipe(s, input, heads, places) };
    }
    case 'recipeCheck': {
      const input = call.input as RecipeCheckInput;
      const places = lookups.placesFor(input, dirname(call.workFolder));
      const read = [...recipeFiles(input), ...filesOf([...places.values()])];
      return { read, write: [], act: (s) => checkRecipe(s, input, places) };
    }
    case 'runRecipe': {
      const input = call.input as RunRecipeInput;
      const write = [input.toParquet, ...(input.toCsv === undefined ? [] : [input.toCsv]), ...lookupPaths(input)];
      return { read: recipeFiles(input), write, act: (s, parts) => runRecipe(s, input, parts) };
    }
  }
}

function filesOf(places: readonly { path: string; part: string }[]): string[] {
  return places.flatMap(({ path, part }) => [path, part]);
}

function recipeFiles({ parquet, others = [] }: RecipeInput): string[] {
  return [parquet, ...others.map((other) => other.parquet)];
}

async function perform(call: Call): Promise<unknown> {
  const { read, write, act } = plan(call);
  const parts = write.map((path) => partOf(path, call.workFolder));
  const abort = new AbortController();
  running.set(call.id, { abort, leftovers: [...parts, call.workFolder] });
  const engine = await spare.finally(() => {
    spare = openEngine(settings);
    // Looked at only when the next call needs it; without this an engine that cannot open would end the process.
    spare.catch(() => undefined);
  });
  try {
    using session = await openSession(
      engine,
      settings,
      { read, write: parts, workFolder: call.workFolder },
      abort.signal,
      (progress) => answer({ id: call.id, progress }),
    );
    const result = (await act(session, parts)) ?? null;
    abort.signal.throwIfAborted();
    for (const [index, path] of write.entries()) await keep(parts[index] as string, path);
    return result;
  } catch (error) {
    if (abort.signal.aborted) throw new Aborted();
    throw error;
  } finally {
    await Promise.all(parts.map((part) => rm(part, { force: true })));
    running.delete(call.id);
  }
}

/** Safe on the disk before it gets its name: after a power cut there is the whole file or none. */
async function keep(part: string, path: string): Promise<void> {
  if (!existsSync(part)) {
    // The call had nothing to write there; what an earlier one wrote is not its result.
    await rm(path, { force: true });
    return;
  }
  const file = await open(part, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
}

class Aborted extends Error {}

function failureOf(error: unknown): Failed {
  if (error instanceof Aborted) return { type: 'Aborted', message: 'Interrupted.', hint: undefined };
  if (error instanceof TrainyardError) return { type: error.type, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: string }).code;
  // The engine gives its errors no codes, only the name of their kind in front.
  if (/^Out of Memory Error|failed to (allocate|offload)/i.test(message)) {
    return {
      type: 'OutOfMemory',
      message: 'The data did not fit in the memory that the data engine may use.',
      hint: undefined,
    };
  }
  if (code === 'ENOSPC' || /no space left/i.test(message)) {
    return { type: 'DiskFull', message: 'There is no space left on the disk to work with the data.', hint: undefined };
  }
  if (code === 'ENOENT') return { type: 'NotFound', message, hint: undefined };
  return { type: 'Bug', message, hint: undefined };
}

function answer(message: FromChild): void {
  process.send?.(message);
}

process.on('message', (message: ToChild) => {
  if (message.kind === 'abort') {
    running.get(message.id)?.abort.abort();
    return;
  }
  perform(message).then(
    (result) => answer({ id: message.id, result }),
    (error: unknown) => answer({ id: message.id, failed: failureOf(error) }),
  );
});

// The parent is gone: nobody wants the results, and nobody else would tidy up.
process.on('disconnect', () => {
  heads.remove();
  lookups.remove();
  for (const { leftovers } of running.values()) {
    for (const path of leftovers) rmSync(path, { recursive: true, force: true });
  }
  process.exit(0);
});

// Ctrl-C reaches the whole process group; the parent decides when its calls end.
process.on('SIGINT', () => undefined);
