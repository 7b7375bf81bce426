import { loadSettings } from '../settings/settings.ts';
import { Problem } from './problem.ts';
import { findTemporal as findProgram } from './temporal-server/find-temporal.ts';

/** The program of the Temporal server, for whoever starts one of its own (tests, benches); brings nothing. */
export async function findTemporal(): Promise<string> {
  const found = await findProgram(loadSettings().cacheFolder);
  if (!found) throw new Problem('There is no Temporal server on this machine yet: ./x test and ./x up bring it.');
  return found.path;
}
