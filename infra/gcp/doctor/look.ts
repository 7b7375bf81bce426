import { TrainyardError } from '../../../domain/failures.ts';
import type { GcpFinding } from '../../gcp-checks.ts';
import { failureOf } from '../errors.ts';
import type { GoogleApi } from '../google-api.ts';

/** What each check stands on. */
export interface Looking {
  api: GoogleApi;
  project: string;
  patienceMs: number;
}

/** A check that fails is a finding too, with what mends it; and none keeps the others waiting. */
export async function look(
  name: string,
  { project, patienceMs }: Pick<Looking, 'project' | 'patienceMs'>,
  ask: () => Promise<GcpFinding | GcpFinding[]>,
): Promise<GcpFinding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<GcpFinding>((resolve) => {
    const detail = `Google did not answer within ${patienceMs / 1000} s. Is the network there, and no proxy in the way?`;
    timer = setTimeout(() => resolve({ state: 'bad', name, detail }), patienceMs);
  });
  try {
    return [await Promise.race([ask(), late])].flat();
  } catch (error) {
    return [refused(name, error, project)];
  } finally {
    clearTimeout(timer);
  }
}

/** The hint of an error is its command where it is one. */
export function refused(name: string, error: unknown, project: string): GcpFinding {
  const { message, hint } = error instanceof TrainyardError ? error : failureOf(error, project);
  if (hint === undefined) return { state: 'bad', name, detail: message };
  if (/^(gcloud|\.\/x) /.test(hint)) return { state: 'bad', name, detail: message, mend: hint };
  return { state: 'bad', name, detail: `${message} ${hint}` };
}

export function lastPart(address: string): string {
  return address.slice(address.lastIndexOf('/') + 1);
}
