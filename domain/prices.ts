import { type MachineSize, nextSizeUp } from './machine-sizes.ts';
import type { Micros } from './money.ts';
import type { WorstPrices } from './worst-case.ts';

/** What is asked of a machine type here: a part of what a cloud says of each. */
export interface PricedType extends MachineSize {
  spotPricePerHourMicros?: Micros | null;
  diskPricePerHourMicros?: Micros;
}

/** What an hour costs, as it is asked for. */
export function priceOf(type: PricedType, spot: boolean): Micros {
  return (spot ? type.spotPricePerHourMicros : null) ?? type.pricePerHourMicros;
}

/** All prices that a job on this machine may come to: after spot on demand, and a size up, which is on demand at worst. */
export function worstPricesOf(type: PricedType, spot: boolean, types: readonly PricedType[]): WorstPrices {
  return {
    perHourMicros: priceOf(type, spot),
    diskPerHourMicros: type.diskPricePerHourMicros ?? 0,
    onDemandPerHourMicros: spot ? type.pricePerHourMicros : null,
    largerPerHourMicros: nextSizeUp(types, type)?.pricePerHourMicros ?? null,
  };
}

/** What runs on a cloud of somebody else is paid in real money, and needs a cap before it begins. */
export function needsBudget(cloud: string, type: PricedType): boolean {
  return cloud !== 'local' && type.pricePerHourMicros > 0;
}
