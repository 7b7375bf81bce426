import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Engine } from '../domain/engine.ts';
import { exitCodes, TrainyardError } from '../domain/failures.ts';
import { settingValueSchema } from '../domain/job-spec.ts';
import type { EnginesOptions } from './engines.ts';

const run = promisify(execFile);

/** What a file of settings said, in the names of the engine, and a sentence for each thing that has no place there. */
export const readSettingsSchema = z.object({
  settings: z.record(z.string(), settingValueSchema),
  told: z.array(z.string()),
});
export type ReadSettings = z.infer<typeof readSettingsSchema>;

/** What a trainer says that is too old to know the question. */
const unknownVerb = 2;

/**
 * A `hyperparams.json` as people have it, read by the engine itself, which knows the other names of its settings. Only
 * its declaration is loaded, by Python's standard library.
 */
export async function readEngineSettings(
  { python, trainerFolder }: EnginesOptions,
  engine: Engine,
  text: string,
): Promise<ReadSettings> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-settings-'));
  try {
    const file = join(folder, 'settings.json');
    await writeFile(file, text);
    const { PATH, HOME } = process.env;
    const asked = ['-s', '-S', '-m', 'trainer', 'settings', '--engine', engine.name, '--file', file];
    const { stdout } = await run(python, asked, {
      cwd: trainerFolder,
      env: { PATH, HOME, PYTHONPATH: trainerFolder, PYTHONIOENCODING: 'utf-8' },
      maxBuffer: 4 * 1024 * 1024,
      timeout: 60_000,
    });
    return readSettingsSchema.parse(JSON.parse(stdout));
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    if (code === unknownVerb) return byPlainNames(engine, text);
    if (code === exitCodes.user) {
      const why = stderr.trim().replace(/^✕ /, '').replaceAll('settings.json', 'The file');
      throw new TrainyardError('BadSettings', why);
    }
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The engine's own names, and nothing else. */
export function byPlainNames(engine: Engine, text: string): ReadSettings {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TrainyardError('BadSettings', `The file cannot be read as JSON: ${why}. Mend the file.`);
  }
  if (given === null || typeof given !== 'object' || Array.isArray(given))
    throw new TrainyardError('BadSettings', 'The file is not of the form {"name": value, …}. Mend the file.');
  const settings: ReadSettings['settings'] = {};
  const told: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    const parsed = settingValueSchema.safeParse(value);
    if (!engine.settings.some((setting) => setting.name === name))
      told.push(`“${name}” is no setting of ${engine.title} and was left out.`);
    else if (!parsed.success) told.push(`“${name}” is no single value and was left out.`);
    else settings[name] = parsed.data;
  }
  return { settings, told };
}
