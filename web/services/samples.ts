import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { taskKinds } from '../../domain/task.ts';

const samplesSchema = z.array(
  z.object({
    name: z.string(),
    title: z.string(),
    summary: z.string(),
    /** Who gathered it, and under what licence it may be used. */
    source: z.string(),
    file: z.string().regex(/^[\w.-]+$/),
    label: z.string(),
    task: z.enum(taskKinds),
  }),
);

export interface SampleFile {
  name: string;
  title: string;
  summary: string;
  source: string;
  label: string;
  task: string;
  path: string;
  fileName: string;
}

/** The small real datasets that come with Trainyard, as samples.json beside them names them. */
export function openSamples(folder: string): {
  list(): Promise<SampleFile[]>;
  get(name: string): Promise<SampleFile | undefined>;
} {
  const list = async () => {
    const described = samplesSchema.parse(JSON.parse(await readIndex(folder)));
    return described.map(({ file, ...sample }) => ({ ...sample, path: join(folder, file), fileName: file }));
  };
  return { list, get: async (name) => (await list()).find((sample) => sample.name === name) };
}

/** A trainer folder of one's own need not bring samples. */
async function readIndex(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, 'samples.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '[]';
    throw error;
  }
}
