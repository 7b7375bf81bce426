import type { OrphanReport } from '../web/services/views.ts';
import type { ApiClient } from './client.ts';
import { exitCodes } from './exit-codes.ts';
import type { Output } from './output.ts';

/** What the clouds have that belongs to nobody any more; scripts read from the exit code whether there is anything. */
export async function orphans(client: ApiClient, out: Output): Promise<number> {
  const reports = await client.get<OrphanReport[]>('/api/v1/orphans');
  out.show(reports, reports.map(reportText).join('\n'));
  const isClean = reports.every(({ orphans: found, problem }) => found.length === 0 && problem === null);
  return isClean ? exitCodes.done : exitCodes.notSucceeded;
}

export function reportText({ cloud, askedAtMs, problem, things, orphans: found }: OrphanReport): string {
  const when = new Date(askedAtMs).toISOString().slice(11, 16);
  if (problem !== null) return `${cloud}: could not be asked at ${when} UTC: ${problem}`;
  const count = found.length === 1 ? '1 orphan' : `${found.length} orphans`;
  const head = `${cloud}: ${count}, asked at ${when} UTC (${things} ${things === 1 ? 'thing' : 'things'} of this installation there)`;
  return [
    head,
    ...found.flatMap(({ kind, name, because, manualRemoval }) => [
      `  ${kind} ${name}: ${because}`,
      `    by hand: ${manualRemoval}`,
    ]),
  ].join('\n');
}
