import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../domain/engine.ts';
import type { SweepRequestInput } from '../domain/sweep.ts';
import { gridFrom, triedFrom, type Tried } from '../domain/sweep-words.ts';
import type { SweepDetail, SweepSummary } from '../web/services/sweep-views.ts';
import type { JobDetail, JobSummary } from '../web/services/views.ts';
import type { ApiClient } from './client.ts';
import { parseDuration } from './duration.ts';
import { settingsFrom } from './engine-settings.ts';
import { exitCodes, Usage } from './exit-codes.ts';
import { asUsage, jobRequestOn, microsOf, type TrainOptions } from './job-request.ts';
import { lookBeforeUpload } from './look-before-upload.ts';
import { lookForMachine } from './machine-choice.ts';
import type { Output } from './output.ts';
import { recipeAt } from './recipe-of.ts';
import { splitOf, wholeFrom } from './split-of.ts';
import { callMe, sizeOf } from './show.ts';
import { bestSoFar, sweepsTable, sweepText } from './show-sweep.ts';
import { uploadDataset } from './upload-file.ts';

const api = '/api/v1';
const pollMs = 1000;

export interface SweepOptions extends TrainOptions {
  grid?: string[];
  random?: string[];
  count: string;
  seeds?: string;
  parallel?: string;
  totalTime?: string;
}

interface Accepted {
  sweep: SweepSummary;
  sentence: string;
}

/** Sweeps from the command line. Each command answers with its exit code. */
export function sweepCommands(client: ApiClient, out: Output) {
  const idOf = async (given: string, kind: 'sweep' | 'job' = 'sweep'): Promise<string> => {
    if (/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(given)) return given.toLowerCase();
    const { items } = await client.get<{ items: (SweepSummary | JobSummary)[] }>(`${api}/${kind}s`, { limit: 500 });
    const fitting = items.filter(({ id, name }) => id.startsWith(given.toLowerCase()) || name === given);
    const [only] = fitting;
    if (only && fitting.length === 1) return only.id;
    if (!only) throw new Usage(`No ${kind} is called “${given}”, and no id begins with it.`);
    throw new Usage(`${fitting.length} ${kind}s fit “${given}”. Give more of the id.`);
  };

  const show = async (id: string): Promise<SweepDetail> => {
    const sweep = await client.get<SweepDetail>(`${api}/sweeps/${id}`);
    out.show(sweep, sweepText(sweep));
    return sweep;
  };

  /** Until its end; Ctrl-C lets go of it and leaves it running. */
  const watch = async (id: string): Promise<number> => {
    let said = '';
    for (;;) {
      const sweep = await client.get<SweepDetail>(`${api}/sweeps/${id}`);
      const best = bestSoFar(sweep);
      if (`${sweep.sentence}${best}` !== said) out.aside((said = `${sweep.sentence}${best}`));
      if (sweep.phase === 'done') break;
      await sleep(pollMs);
    }
    const { outcome } = await show(id);
    return outcome === 'succeeded' ? exitCodes.done : exitCodes.notSucceeded;
  };

  const accept = async (request: SweepRequestInput, toTheEnd: boolean): Promise<number> => {
    const check = await client.post<{ warnings: string[]; worstCase: { sentence: string } | null }>(
      `${api}/sweeps/check`,
      request,
    );
    for (const warning of check.warnings) out.aside(warning);
    if (check.worstCase) out.aside(check.worstCase.sentence);
    // One key for this one call: a lost answer that is asked for again is still one sweep.
    const headers = { 'Idempotency-Key': randomUUID() };
    const { sweep, sentence } = await client.post<Accepted>(`${api}/sweeps`, request, headers);
    if (toTheEnd) {
      out.aside(`${sentence} ${sweep.id}`);
      return watch(sweep.id);
    }
    out.show(
      sweep,
      `${sentence} ${sweep.id}, ${sweep.trials.planned} trials\nSee it: ${callMe} sweep show ${sweep.id}`,
    );
    return exitCodes.done;
  };

  return {
    async start(file: string, options: SweepOptions): Promise<number> {
      const engines = await client.get<Engine[]>(`${api}/engines`);
      const engine = engines.find(({ name }) => name === options.engine);
      const search = searchFrom(options, engine);
      const settings = asUsage(() => settingsFrom(engine, options.set ?? []));
      const trainingSeconds = asUsage(() => (options.time === undefined ? undefined : parseDuration(options.time)));
      const totalSeconds = asUsage(() => (options.totalTime === undefined ? null : parseDuration(options.totalTime)));
      const budgetMicros = options.budget === undefined ? null : microsOf(options.budget);
      const split = splitOf(options);
      const continuesJobId = options.continue === undefined ? null : await idOf(options.continue, 'job');
      const recipe = options.recipe === undefined ? {} : await recipeAt(client, options.recipe);
      await lookForMachine(client, options);
      await lookBeforeUpload(file, options.recipe === undefined ? options.label : []);
      const dataset = await uploadDataset(client, { file, onProgress: (sentence) => out.aside(sentence) });
      out.aside(`${dataset.name}: ${sizeOf(dataset)}`);
      // The budget is shared, and not that of each.
      const { budget: _shared, ...ofEach } = options;
      const asked = { settings, trainingSeconds, recipe, split, continuesJobId };
      const { name, ...base } = await jobRequestOn(client, dataset, ofEach, asked);
      const request = {
        name: name.slice(0, 60),
        base: base as SweepRequestInput['base'],
        search,
        ...(options.seeds === undefined || search.kind === 'seeds'
          ? {}
          : { seeds: wholeFrom(options.seeds, '--seeds') }),
        ...(options.parallel === undefined ? {} : { parallel: wholeFrom(options.parallel, '--parallel') }),
        limits: { budgetMicros, totalSeconds },
      };
      return accept(request, options.follow ?? false);
    },

    async repeat(given: string, options: { seeds: string; follow?: boolean }): Promise<number> {
      const { spec } = await client.get<JobDetail>(`${api}/jobs/${await idOf(given, 'job')}`);
      const { id: _id, name, workspaceId: _workspace, owner: _owner, ...base } = spec;
      const count = wholeFrom(options.seeds, '--seeds');
      const suffix = `, ${count} seeds`;
      const named = `${name.slice(0, 60 - suffix.length)}${suffix}`;
      return accept({ name: named, base, search: { kind: 'seeds', count } }, options.follow ?? false);
    },

    async list(options: { open?: boolean; limit?: string }): Promise<number> {
      const page = await client.get<{ items: SweepSummary[]; total: number }>(`${api}/sweeps`, {
        open: options.open ? 'true' : undefined,
        limit: options.limit,
      });
      out.show(page, sweepsTable(page.items, options.open ?? false));
      if (page.total > page.items.length) out.aside(`${page.items.length} of ${page.total}; --limit shows more.`);
      return exitCodes.done;
    },

    async show(given: string): Promise<number> {
      await show(await idOf(given));
      return exitCodes.done;
    },

    async ask(given: string, what: 'cancel' | 'stop'): Promise<number> {
      const asked = await client.post<{ sentence: string }>(`${api}/sweeps/${await idOf(given)}/${what}`);
      out.show(asked, asked.sentence);
      return exitCodes.done;
    },
  };
}

function searchFrom(
  { grid = [], random = [], count, seeds }: SweepOptions,
  engine: Engine | undefined,
): SweepRequestInput['search'] {
  if (grid.length > 0 && random.length > 0) throw new Usage('Either --grid or --random: --random takes lists as well.');
  if (random.length > 0) {
    return { kind: 'random', count: wholeFrom(count, '--count'), ranges: triedIn(random, engine) };
  }
  if (grid.length > 0) {
    const made = gridFrom(triedIn(grid, engine));
    if ('values' in made) return { kind: 'grid', values: made.values };
    throw new Usage(`${made.setting}: ${made.problem}`);
  }
  if (seeds === undefined) throw new Usage('Say what to try: --grid name=a,b,c, --random name=min..max, or --seeds 5.');
  return { kind: 'seeds', count: wholeFrom(seeds, '--seeds') };
}

function triedIn(given: readonly string[], engine: Engine | undefined): Record<string, Tried> {
  return Object.fromEntries(
    given.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new Usage(`“${pair}” is not of the form name=values.`);
      const name = pair.slice(0, at);
      const setting = engine?.settings.find((each) => each.name === name);
      const tried = triedFrom(pair.slice(at + 1), setting);
      if ('problem' in tried) throw new Usage(`${name}: ${tried.problem}`);
      return [name, tried];
    }),
  );
}
