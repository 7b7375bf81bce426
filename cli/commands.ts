import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { parse } from 'yaml';
import type { Engine } from '../domain/engine.ts';
import type { DatasetDetail, JobDetail, JobSummary, LogLine, PredictionDetail } from '../web/services/views.ts';
import type { WorkFacts } from '../web/live/work-facts.ts';
import { type ApiClient, Refusal } from './client.ts';
import { parseDuration } from './duration.ts';
import { enginesText, settingsFrom } from './engine-settings.ts';
import { exitCodes, Usage } from './exit-codes.ts';
import { follow } from './follow.ts';
import { besideData, type Output, save } from './output.ts';
import { recipeAt } from './recipe-of.ts';
import { asUsage, jobRequestOn, microsOf, type TrainOptions } from './job-request.ts';
import { libraryCommands } from './library-commands.ts';
import { lookBeforeUpload } from './look-before-upload.ts';
import { lookForMachine } from './machine-choice.ts';
import { callMe, jobsTable, jobText, logText, scoreOf, sizeOf, stateOf } from './show.ts';
import { splitOf } from './split-of.ts';
import { sendDataset, uploadDataset } from './upload-file.ts';

const api = '/api/v1';

/** The platform takes the size of a larger one for what is left of it above 4 GiB (`openAsBlob`). */
const LARGEST_IN_ONE_PIECE = 2 ** 32;

export interface PredictOptions {
  output: string;
  format: string;
  /** False with --no-extra-columns. */
  extraColumns: boolean;
  /** False with --no-cast-types. */
  castTypes: boolean;
  /** Of a machine that is billed. */
  budget?: string;
}

interface Extra {
  name: string;
  title: string;
  note: string;
}

function besideWords(extras: readonly Extra[]): string {
  return extras.length === 0 ? 'Its engine gives none.' : `There is: ${extras.map(({ name }) => name).join(', ')}.`;
}

/** Each command answers with its exit code. */
export function commands(client: ApiClient, said: Output) {
  let out = said;
  const idOf = async (given: string): Promise<string> => {
    if (/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(given)) return given.toLowerCase();
    const { items, total } = await client.get<{ items: JobSummary[]; total: number }>(`${api}/jobs`, {
      search: given,
      limit: 5,
    });
    const [only] = items;
    if (only && total === 1) return only.id;
    if (total === 0) throw new Usage(`No job is called “${given}”, and no id begins with it.`);
    throw new Usage(`${total} jobs fit “${given}”:\n${jobsTable(items)}`);
  };

  /** Prints what happens until the end; Ctrl-C lets go of it and leaves it running. */
  const watch = async (kind: 'job' | 'prediction', id: string): Promise<number> => {
    const gone = new AbortController();
    const letGo = () => gone.abort();
    process.once('SIGINT', letGo);
    let facts: WorkFacts | undefined;
    try {
      for await (const { event, data } of follow(client, `${api}/${kind}s/${id}/events`, gone.signal)) {
        if (out.json) out.show({ event, data }, '');
        else if (event === 'log')
          for (const line of (data as { lines: LogLine[] }).lines) out.show(line, logText(line));
        else if (event === 'leaderboard')
          showBoard(data as { entries: { model: string; validation: number | null }[] });
        if (event === 'job') {
          const before = facts?.sentence;
          facts = data as WorkFacts;
          if (facts.sentence !== before) out.aside(`${stateOf(facts)}: ${facts.sentence}`);
        }
      }
    } finally {
      process.off('SIGINT', letGo);
    }
    if (gone.signal.aborted) {
      out.aside(`It goes on. Follow it again: ${callMe} logs ${id} --follow`);
      return 130;
    }
    const done = facts ?? (await client.get<WorkFacts>(`${api}/${kind}s/${id}`));
    return done.outcome === 'succeeded' ? exitCodes.done : exitCodes.notSucceeded;
  };

  const showBoard = ({ entries }: { entries: { model: string; validation: number | null }[] }) => {
    for (const entry of entries) out.aside(`leaderboard: ${entry.model} ${scoreOf(entry.validation)}`);
  };

  /** What the engine gives beside the archive. A job and its model have the same id. */
  const extrasOf = async (id: string): Promise<Extra[]> => {
    const report = await client.get<{ extras?: Extra[] }>(`${api}/models/${id}/report`, { format: 'json' });
    return report.extras ?? [];
  };

  const showJob = async (id: string) => {
    const job = await client.get<JobDetail>(`${api}/jobs/${id}`);
    out.show(job, jobText(job));
    return job;
  };

  const followed = async (job: JobSummary, sentence: string, toTheEnd: boolean): Promise<number> => {
    if (!toTheEnd) {
      out.show(job, `${sentence} ${job.id}\nFollow it: ${callMe} logs ${job.id} --follow`);
      return exitCodes.done;
    }
    out.aside(`${sentence} ${job.id}`);
    const code = await watch('job', job.id);
    if (code !== 130) await showJob(job.id);
    return code;
  };

  return {
    ...libraryCommands(client, out, idOf),

    async train(file: string, options: TrainOptions): Promise<number> {
      const engines = await client.get<Engine[]>(`${api}/engines`);
      const engine = engines.find(({ name }) => name === options.engine);
      const bySet = asUsage(() => settingsFrom(engine, options.set ?? []));
      const settings = {
        ...(options.settings === undefined ? {} : await settingsIn(options.settings, options.engine)),
        ...bySet,
      };
      const trainingSeconds = asUsage(() => (options.time === undefined ? undefined : parseDuration(options.time)));
      const split = splitOf(options);
      const continuesJobId = options.continue === undefined ? null : await idOf(options.continue);
      const recipe = options.recipe === undefined ? {} : await recipeAt(client, options.recipe);
      await lookForMachine(client, options);
      // A step may make the column that is to be predicted, or give it its name.
      await lookBeforeUpload(file, options.recipe === undefined ? options.label : []);
      const { dataset, isNew } = await sendDataset(client, { file, onProgress: (sentence) => out.aside(sentence) });
      out.aside(`${dataset.name}: ${sizeOf(dataset)}`);
      const asked = { settings, trainingSeconds, recipe, split, continuesJobId };
      const { job, sentence } = await trainOn(dataset, options, asked).catch((error: unknown) => {
        // What was there before is somebody's already: other jobs may stand on it.
        if (error instanceof Refusal && isNew)
          out.aside(
            `Its data stays as dataset ${dataset.id}; “${callMe} delete ${dataset.id} --kind dataset” removes it.`,
          );
        throw error;
      });
      return followed(job, sentence, options.follow ?? false);
    },

    /** What the confirm page shows as YAML: the same request that form and API take. */
    async submit(file: string, options: { follow?: boolean }): Promise<number> {
      const request: unknown = asUsage(() => parse(readFileSync(file, 'utf8')));
      const { job, sentence } = await client.post<{ job: JobSummary; sentence: string }>(`${api}/jobs`, request, {
        'Idempotency-Key': randomUUID(),
      });
      return followed(job, sentence, options.follow ?? false);
    },

    async jobs(options: { open?: boolean; search?: string; limit?: string }): Promise<number> {
      const page = await client.get<{ items: JobSummary[]; total: number }>(`${api}/jobs`, {
        open: options.open ? 'true' : undefined,
        search: options.search,
        limit: options.limit,
      });
      out.show(page, jobsTable(page.items, options));
      if (page.total > page.items.length) out.aside(`${page.items.length} of ${page.total}; --limit shows more.`);
      return exitCodes.done;
    },

    async job(given: string): Promise<number> {
      await showJob(await idOf(given));
      return exitCodes.done;
    },

    async logs(given: string, options: { follow?: boolean; tail?: string; search?: string }): Promise<number> {
      const id = await idOf(given);
      if (options.follow) return watch('job', id);
      const path = `${api}/jobs/${id}/log`;
      if (options.tail === undefined && options.search === undefined && !out.json) {
        await save(await client.download(path), '-');
        return exitCodes.done;
      }
      const { lines, total } = await client.get<{ lines: LogLine[]; total: number }>(path, {
        tail: options.search === undefined ? (options.tail ?? '5000') : undefined,
        search: options.search,
        limit: options.search === undefined ? undefined : '5000',
      });
      out.show({ lines, total }, lines.map(logText).join('\n'));
      if (options.search !== undefined) out.aside(`${total} lines have it.`);
      return exitCodes.done;
    },

    async ask(given: string, what: 'cancel' | 'stop'): Promise<number> {
      const asked = await client.post<{ sentence: string }>(`${api}/jobs/${await idOf(given)}/${what}`);
      out.show(asked, asked.sentence);
      return exitCodes.done;
    },

    async extend(given: string, time: string): Promise<number> {
      const trainingSeconds = asUsage(() => parseDuration(time));
      const path = `${api}/jobs/${await idOf(given)}/extend`;
      const extended = await client.post<{ sentence: string }>(path, { trainingSeconds });
      out.show(extended, extended.sentence);
      return exitCodes.done;
    },

    async report(given: string, { output, format }: { output: string; format: string }): Promise<number> {
      const id = await idOf(given);
      await save(await client.download(`${api}/jobs/${id}/report?format=${format}`), output);
      if (output !== '-') out.show({ jobId: id, file: output }, `Saved to ${output}.`);
      return exitCodes.done;
    },

    async model(given: string, { output, extra }: { output: string; extra?: string }): Promise<number> {
      const id = await idOf(given);
      if (extra !== undefined) {
        const extras = await extrasOf(id);
        const found = extras.find(({ name }) => name === extra);
        if (!found) throw new Usage(`This model has no “${extra}” beside its archive. ${besideWords(extras)}`);
        await save(await client.download(`${api}/models/${id}/extras/${encodeURIComponent(extra)}`), output);
        if (output !== '-') out.show({ jobId: id, file: output, extra: found }, `Saved to ${output}. ${found.note}`);
        return exitCodes.done;
      }
      await save(await client.download(`${api}/jobs/${id}/model`), output);
      const extras = await extrasOf(id);
      if (output !== '-')
        out.show({ jobId: id, file: output, extras }, `Saved to ${output}. README.md in it says how to use it.`);
      for (const { name, title } of extras) out.aside(`Also there: ${title}, by --extra ${name}`);
      return exitCodes.done;
    },

    async predict(given: string, file: string, options: PredictOptions): Promise<number> {
      if (options.output === '-') out = besideData(out);
      const id = await idOf(given);
      const { extraColumns, castTypes, budget } = options;
      const { prediction, sentence } = await predictWith(
        id,
        file,
        { extraColumns, castTypes },
        budget === undefined ? null : microsOf(budget),
      );
      out.aside(`Predicting, ${prediction.id}`);
      out.aside(sentence);
      const code = await watch('prediction', prediction.id);
      const done = await client.get<PredictionDetail>(`${api}/predictions/${prediction.id}`);
      if (code !== exitCodes.done) {
        out.show(done, `${stateOf(done)}: ${done.reason ?? done.sentence}`);
        return code;
      }
      await save(
        await client.download(`${api}/predictions/${done.id}/output?format=${options.format}`),
        options.output,
      );
      if (options.output !== '-')
        out.show(done, `${done.rows} ${done.rows === 1 ? 'row' : 'rows'} predicted, saved to ${options.output}`);
      return exitCodes.done;
    },

    async engines(): Promise<number> {
      const engines = await client.get<(Engine & { ready: boolean })[]>(`${api}/engines`);
      out.show(engines, enginesText(engines));
      return exitCodes.done;
    },
  };

  /** What a file says, by the engine's own reading; what has no place there is told. */
  async function settingsIn(file: string, engine: string): Promise<ReturnType<typeof settingsFrom>> {
    const given = asUsage(() => JSON.parse(readFileSync(file, 'utf8')) as object);
    const path = `${api}/engines/${encodeURIComponent(engine)}/settings`;
    const read = await client.post<{ settings: ReturnType<typeof settingsFrom>; told: string[] }>(path, given);
    for (const sentence of read.told) out.aside(sentence);
    return read.settings;
  }

  async function trainOn(
    dataset: DatasetDetail,
    options: TrainOptions,
    asked: Parameters<typeof jobRequestOn>[3],
  ): Promise<{ job: JobSummary; sentence: string }> {
    const request = await jobRequestOn(client, dataset, options, asked);
    const { warnings } = await client.post<{ warnings: string[] }>(`${api}/jobs/check`, request);
    for (const warning of warnings) out.aside(warning);
    // One key for this one call: a lost answer that is asked for again is still one job.
    return client.post<{ job: JobSummary; sentence: string }>(`${api}/jobs`, request, {
      'Idempotency-Key': randomUUID(),
    });
  }

  /** The id may be a model's or a job's. */
  async function predictWith(
    id: string,
    file: string,
    allow: Pick<PredictOptions, 'extraColumns' | 'castTypes'>,
    budgetMicros: number | null,
  ): Promise<{ prediction: { id: string }; sentence: string }> {
    const path = await client.get(`${api}/models/${id}`).then(
      () => `${api}/models/${id}/predict`,
      (error: unknown) => {
        if (!(error instanceof Refusal) || error.problem.status !== 404) throw error;
        return `${api}/jobs/${id}/predict`;
      },
    );
    if ((await stat(file)).size < LARGEST_IN_ONE_PIECE) {
      const fields = Object.entries(allow).map(([name, is]) => [name, String(is)]);
      const cap = budgetMicros === null ? {} : { budgetMicros: String(budgetMicros) };
      return client.upload(path, file, { ...Object.fromEntries(fields), ...cap });
    }
    const dataset = await uploadDataset(client, { file, onProgress: (sentence) => out.aside(sentence) });
    return client.post(path, { datasetId: dataset.id, allow, limits: { budgetMicros } });
  }
}
