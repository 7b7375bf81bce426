/** Task queues, apart so that no kind of work can starve another. */
export interface Queues {
  /** Workflows, and short activities on the database. */
  decisions: string;
  /** One long heartbeating activity per open attempt. */
  relays: string;
  /** What frees money: never behind anything else. */
  releases: string;
  /** Making machines: few at a time. */
  machines: string;
  /** Making the environments of engines: gigabytes may be on their way, and who only waits takes nobody's slot. */
  engines: string;
  /** Reading and writing data files. */
  data: string;
}

export const decisionsQueue = 'trainyard-decisions';

/** What lives on one host (folders, child processes) is asked of a worker on that host. */
export function queuesOn(host: string | null): Queues {
  const prefix = host === null ? 'trainyard' : `local-${host}`;
  return {
    decisions: decisionsQueue,
    relays: `${prefix}-relays`,
    releases: `${prefix}-releases`,
    machines: `${prefix}-machines`,
    engines: `${prefix}-engines`,
    data: `${prefix}-data`,
  };
}
