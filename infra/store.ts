import type { Readable } from 'node:stream';

/** A part of an object: from byte `start`, and up to but without byte `end`. */
export interface ByteRange {
  start: number;
  end?: number;
}

/**
 * Where datasets, models, reports and logs live for good. An object is there whole or not at all, and once a put has
 * returned it outlives a power cut. Putting, and removing, twice is the same as once.
 * `test/infra/store-contract.ts` holds every implementation to this.
 */
export interface Store {
  put(object: string, fromPath: string): Promise<void>;
  putText(object: string, text: string | Uint8Array): Promise<void>;
  /** The stream fails with `NotFound` when there is no such object. */
  openRead(object: string, range?: ByteRange): Readable;
  readText(object: string): Promise<string | undefined>;
  exists(object: string): Promise<boolean>;
  remove(object: string): Promise<void>;
  /** Names that begin with `prefix`, sorted. */
  list(prefix: string): Promise<string[]>;
  /** How many bytes everything in it takes. */
  size(): Promise<number>;
  /** Where it lies as a file that may be read on this host; undefined where it is not one. */
  path?(object: string): string | undefined;
}
