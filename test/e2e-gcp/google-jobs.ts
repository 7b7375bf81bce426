import { countingRequest, type CountingJob } from '../e2e/counting.ts';
import type { GoogleYard } from './open-google-yard.ts';

export interface Where {
  type?: string;
  spot?: boolean;
}

/** What a machine on Google Cloud takes beside what to train: its type, and a cap that pays for all of it. */
export function onGoogle({ type = 'e2-standard-2', spot = false }: Where = {}) {
  return { cloud: 'gcp', type, spot };
}

export const plentyMicros = 50_000_000;

export async function acceptOnGoogle(
  { api }: Pick<GoogleYard, 'api'>,
  request: { id: string; limits?: object } & Record<string, unknown>,
  where: Where = {},
): Promise<string> {
  const limits = { budgetMicros: plentyMicros, ...request.limits };
  await api.post('/jobs', { ...request, machine: onGoogle(where), limits }, { 'idempotency-key': request.id });
  return request.id;
}

interface CountingOnGoogle extends CountingJob {
  id?: string;
  where?: Where;
  budgetMicros?: number;
}

/** A job of the trainer that counts, on Google Cloud. */
export function countOnGoogle(
  opened: Pick<GoogleYard, 'api'>,
  datasetId: string,
  { id = crypto.randomUUID(), where = {}, budgetMicros = plentyMicros, ...job }: CountingOnGoogle = {},
): Promise<string> {
  const request = countingRequest(id, datasetId, job);
  return acceptOnGoogle(opened, { ...request, limits: { ...request.limits, budgetMicros } }, where);
}
