import { z } from 'zod';
import { settingsSchemaOf } from './engine-settings-schema.ts';
import { taskKinds } from './task.ts';

/** One setting of an engine, as the engine's own Python module declares it. */
export const settingSchema = z.object({
  name: z.string(),
  title: z.string(),
  help: z.string(),
  type: z.enum(['choice', 'number', 'integer', 'boolean', 'choices', 'text']),
  default: z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]),
  choices: z.array(z.object({ value: z.string(), title: z.string() })).default([]),
  min: z.number().nullable().default(null),
  max: z.number().nullable().default(null),
  tasks: z.array(z.enum(taskKinds)).default([...taskKinds]),
  /** For those who know what they look for: the form shows it when asked to. */
  advanced: z.boolean().default(false),
});

/** What it takes to train on a table of numbers, measured with real runs: see docs/preflight.md. */
export const engineNeedsSchema = z.object({
  baseMegabytes: z.number().min(0),
  /** Memory for each number of the table as the engine sees it, copies and models included. */
  bytesPerCell: z.number().min(0),
  /** Memory for each pixel of one image: what a network holds of all images that it looks at together. */
  bytesPerPixel: z.number().min(0).default(0),
  baseSeconds: z.number().min(0),
  /** Until its first model is ready. */
  secondsPerMillionCells: z.number().min(0),
});

/** What a job does that goes on from a kept model, in the engine's own sentences: read before it is started. */
export const continuingSchema = z.object({
  sentence: z.string(),
  /** The setting whose choice decides it, and what it is for each of its choices. */
  setting: z.string().nullable(),
  choices: z.array(z.object({ value: z.string(), sentence: z.string() })),
});

export const dataKinds = ['table', 'text', 'image'] as const;

/** What an engine says of itself (`python -m trainer describe`); form, API schema and CLI help are made from it. */
export const engineSchema = z.object({
  name: z.string(),
  title: z.string(),
  summary: z.string(),
  tasks: z.array(z.enum(taskKinds)),
  settings: z.array(settingSchema),
  /** What its columns may hold. A table is numbers, texts as categories, dates; images are the bytes of image files. */
  takes: z.array(z.enum(dataKinds)).default(['table']),
  /** Whether a job can start from an earlier model of this engine. */
  continues: z.boolean(),
  /** Null where it cannot, or does not say. */
  continuing: continuingSchema.nullable().default(null),
  environment: z.object({ downloadMegabytes: z.number(), installSeconds: z.number(), preparedAtStart: z.boolean() }),
  /** Null where nobody has measured it: then nothing is estimated. */
  needs: engineNeedsSchema.nullable().default(null),
});

export type EngineSetting = z.infer<typeof settingSchema>;
export type Engine = z.infer<typeof engineSchema>;
export type EngineNeeds = z.infer<typeof engineNeedsSchema>;

type SettingValue = EngineSetting['default'];

export interface SettingProblem {
  setting: string;
  message: string;
}

/** Fills in defaults and says what is wrong, by the engine's own declaration. */
export function checkSettings(
  engine: Engine,
  given: Record<string, SettingValue>,
): { settings: Record<string, SettingValue>; problems: SettingProblem[] } {
  const found = settingsSchemaOf(engine).safeParse(given).error?.issues ?? [];
  const problems = found.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((setting) => ({ setting, message: noSuchSetting(engine, setting) }))
      : [{ setting: String(issue.path[0]), message: issue.message }],
  );
  const settings = Object.fromEntries(engine.settings.map(({ name, default: usual }) => [name, given[name] ?? usual]));
  return { settings, problems: problems.filter(isFirstOfItsSetting) };
}

export interface ContinuingWords {
  sentence: string;
  /** Of the setting that decides it; empty where there is none. */
  title: string;
  choices: { value: string; title: string; sentence: string }[];
}

/** What going on from a kept model means, with the titles that a person knows the choices by. */
export function continuingWords({ continuing, settings }: Engine): ContinuingWords | null {
  if (!continuing) return null;
  const setting = settings.find(({ name }) => name === continuing.setting);
  const titleOf = (value: string) => setting?.choices.find((choice) => choice.value === value)?.title ?? value;
  return {
    sentence: continuing.sentence,
    title: setting?.title ?? '',
    choices: continuing.choices.map(({ value, sentence }) => ({ value, title: titleOf(value), sentence })),
  };
}

/** The same for a job with these settings: with what its own choice means. */
export function continuingSentence(engine: Engine, settings: Record<string, SettingValue>): string | null {
  const words = continuingWords(engine);
  if (!words) return null;
  const chosen = words.choices.find(({ value }) => value === settings[engine.continuing?.setting ?? '']);
  return chosen ? `${words.sentence} ${chosen.title}: ${chosen.sentence}` : words.sentence;
}

function noSuchSetting({ title, settings }: Engine, name: string): string {
  return `${title} has no setting “${name}”. It has: ${settings.map((setting) => setting.name).join(', ')}.`;
}

/** Each wrong item of a list is found by itself. */
function isFirstOfItsSetting({ setting }: SettingProblem, index: number, all: readonly SettingProblem[]): boolean {
  return all.findIndex((each) => each.setting === setting) === index;
}
