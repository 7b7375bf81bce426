import { z } from 'zod';

const extraSchema = z.object({ name: z.string(), title: z.string(), note: z.string(), bytes: z.int() });
const reportSchema = z.object({ extras: z.array(extraSchema).default([]) });

/** The files that a trainer handed in beside the archive; reports of earlier versions name none. */
export function extrasOf(reportJson: string): z.infer<typeof extraSchema>[] {
  return reportSchema.parse(JSON.parse(reportJson)).extras;
}
