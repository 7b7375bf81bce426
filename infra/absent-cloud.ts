import { TrainyardError } from '../domain/failures.ts';
import type { Cloud, Obstacle, Thing } from './cloud.ts';

/**
 * In place of a house that could not be opened at all. It offers nothing and removes nothing, and above all it never
 * says that something is gone: what is open there waits, and is told, until the house is back.
 */
export function absentCloud(name: Cloud['name'], obstacle: Obstacle, manualRemoval: (thing: Thing) => string): Cloud {
  const refuse = async (): Promise<never> => {
    throw notUsable(obstacle);
  };
  return {
    name,
    host: null,
    isRemote: true,
    obstacle,
    machineTypes: async () => [],
    places: async () => 0,
    createBucket: refuse,
    removeBucket: refuse,
    putObject: refuse,
    putText: refuse,
    getObject: refuse,
    getText: refuse,
    listObjects: refuse,
    createSignals: refuse,
    removeSignals: refuse,
    // oxlint-disable-next-line require-yield -- there is nothing to read
    async *readSignals() {
      await refuse();
    },
    ackSignals: refuse,
    createMachine: refuse,
    lookAtMachine: refuse,
    removeMachine: refuse,
    readConsole: refuse,
    list: refuse,
    manualRemoval,
  };
}

/** Retried, since a person may mend it, and told on the page of whoever waits for it. */
export function notUsable({ reason, mend }: Obstacle): TrainyardError {
  return new TrainyardError('CloudNotUsable', reason, mend);
}
