import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { EnginesOptions } from './engines.ts';

const run = promisify(execFile);

/** A spec as the trainer gets it, without data; see `check` in docs/trainer-contract.md. */
export interface AskedOfEngine extends Record<string, unknown> {
  engine: string;
  /** Settings, one after the other, that the rest of the spec is to be judged with. */
  trials: readonly object[];
}

const findingSchema = z.object({
  type: z.string(),
  message: z.string(),
  /** Dotted, as in a job's request. */
  field: z.string().nullable(),
});
const timeSchema = z.object({
  /** It goes on until its time is over; then no seconds are known. */
  fillsTime: z.boolean(),
  /** Of the whole training, and until its first model. */
  seconds: z.number().min(0).nullable(),
  firstSeconds: z.number().min(0).nullable(),
});
const answerSchema = z.object({
  found: z.array(findingSchema.nullable()),
  times: z.array(timeSchema.nullable()).default([]),
});

export type EngineFinding = z.infer<typeof findingSchema>;
export type TrainingTime = z.infer<typeof timeSchema>;
export interface EngineAnswer {
  /** One for each trial: what stands against it, the first thing only. */
  found: (EngineFinding | null)[];
  /** How long each will probably take; null, or nothing at all, where nobody knows. */
  times: (TrainingTime | null)[];
}
export type CheckByEngine = (asked: AskedOfEngine) => Promise<EngineAnswer>;

interface Options extends EnginesOptions {
  /** The interpreter of the engine's environment, where it is ready. */
  environmentPython: (engine: string) => string | undefined;
  /** Why the environment could not be asked; then the standard library alone is. */
  onError: (error: unknown) => void;
}

/** A library takes its time to load, on a machine that trains meanwhile; without one it is a fifth of a second. */
const longestMs = { inEnvironment: 15_000, alone: 10_000 };
/** A form is sent again and again with few changes; a job is checked when it is shown and when it is accepted. */
const mostKept = 500;

/**
 * Asks an engine's own check, the one that its machine will begin with, before there is a machine. What it said is
 * kept by what was asked; whether something is installed is asked anew each time that it was not.
 */
export function checkByEngine(options: Options): CheckByEngine {
  const answers = new Map<string, Promise<EngineAnswer>>();
  return (asked) => {
    const python = options.environmentPython(asked.engine);
    const text = JSON.stringify(asked);
    const key = createHash('sha256').update(`${python}\n${text}`).digest('hex');
    const known = answers.get(key);
    if (known) return known;
    const answer = ask(options, python, text, asked.trials.length);
    answers.set(key, answer);
    if (answers.size > mostKept) answers.delete(answers.keys().next().value ?? '');
    answer.then(
      ({ found }) => found.some((finding) => finding?.type === 'EngineUnavailable') && answers.delete(key),
      () => answers.delete(key),
    );
    return answer;
  };
}

async function ask(
  { python, trainerFolder, onError }: Options,
  environment: string | undefined,
  text: string,
  count: number,
) {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-check-'));
  try {
    const file = join(folder, 'spec.json');
    await writeFile(file, text);
    const order = ['-m', 'trainer', 'check', '--spec', file];
    if (environment !== undefined) {
      try {
        return await answerOf(environment, ['-s', ...order, '--here'], trainerFolder, longestMs.inEnvironment, count);
      } catch (error) {
        onError(error);
      }
    }
    return await answerOf(python, ['-s', '-S', ...order], trainerFolder, longestMs.alone, count);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function answerOf(python: string, order: string[], trainerFolder: string, timeout: number, count: number) {
  const { PATH, HOME, JAVA_HOME } = process.env;
  const { stdout } = await run(python, order, {
    cwd: trainerFolder,
    env: { PATH, HOME, JAVA_HOME, PYTHONPATH: trainerFolder, PYTHONIOENCODING: 'utf-8' },
    maxBuffer: 16 * 1024 * 1024,
    timeout,
    killSignal: 'SIGKILL',
  });
  const answer = answerSchema.parse(JSON.parse(stdout));
  const judged = answer.found.length;
  if (judged !== count) throw new Error(`The engine judged ${judged} of ${count} settings.`);
  return answer;
}
