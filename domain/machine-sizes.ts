import type { Micros } from './money.ts';

/** What is asked of a machine type here: a part of what a cloud says of each. */
export interface MachineSize {
  name: string;
  memoryGib: number;
  gpus: readonly string[];
  pricePerHourMicros: Micros;
}

export const bytesPerGib = 1024 ** 3;

/** Less more than this is not another size, only another number on the label. */
const worthChanging = 1.5;

/** The cheapest machine with the same accelerators and clearly more memory; none where the cloud has no larger one. */
export function nextSizeUp<T extends MachineSize>(types: readonly T[], from: MachineSize): T | undefined {
  return cheapestWith(types, from, from.memoryGib * worthChanging);
}

/** The cheapest machine with the same accelerators and at least so much memory; of two at one price, the smaller. */
export function cheapestWith<T extends MachineSize>(
  types: readonly T[],
  { gpus, name }: MachineSize,
  memoryGib: number,
): T | undefined {
  const alike = (type: T) => type.gpus.length >= gpus.length && gpus.every((gpu) => type.gpus.includes(gpu));
  return types
    .filter((type) => type.name !== name && type.memoryGib >= memoryGib && alike(type))
    .toSorted((a, b) => a.pricePerHourMicros - b.pricePerHourMicros || a.memoryGib - b.memoryGib)[0];
}
