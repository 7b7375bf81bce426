import type { ServiceOptions } from './options.ts';
import type { HealthCheck, HealthService } from './services.ts';
import { sizeInWords } from './sizes.ts';

/** How full the disk is changes slowly, and every form asks. */
const FRESH_MS = 2000;

export function healthService(options: ServiceOptions): HealthService {
  const { stores, work, freeBytes, lowDiskBytes } = options;
  const now = options.now ?? Date.now;
  let disk: { atMs: number; free: Promise<number> } | undefined;

  const free = () => {
    if (!disk || now() - disk.atMs > FRESH_MS) disk = { atMs: now(), free: freeBytes() };
    return disk.free;
  };

  const lowDisk = async () => {
    const bytes = await free();
    if (bytes >= lowDiskBytes) return undefined;
    return (
      `Only ${sizeInWords(bytes)} are free on the disk of the data folder; below ${sizeInWords(lowDiskBytes)} nothing ` +
      'new is accepted. Free some space, or lower the setting TRAINYARD_LOW_DISK_MB.'
    );
  };

  const check = async (name: string, look: () => Promise<string | undefined>, fine: string): Promise<HealthCheck> => {
    try {
      const problem = await look();
      return { name, ok: problem === undefined, sentence: problem ?? fine };
    } catch (error) {
      return { name, ok: false, sentence: error instanceof Error ? error.message : String(error) };
    }
  };

  return {
    lowDisk,
    async ready() {
      const checks = await Promise.all([
        check('database', async () => void (await stores.jobs.count('default')), 'The database answers.'),
        check(
          'temporal',
          async () => ((await work.reachable()) ? undefined : 'The Temporal server does not answer.'),
          'The Temporal server answers.',
        ),
        check('disk', lowDisk, 'There is room on the disk.'),
      ]);
      return { ready: checks.every(({ ok }) => ok), checks };
    },
  };
}
