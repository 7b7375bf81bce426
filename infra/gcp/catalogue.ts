import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TrainyardError } from '../../domain/failures.ts';
import { dollars } from '../../domain/money.ts';
import type { MachineType } from '../cloud.ts';

/** A price list as it lies in prices/: one file for each time that Google changed them. */
export interface PriceList {
  date: string;
  /** Where its numbers are from, each with the day on which it was read; and those that nobody compared with anything. */
  checked: { what: string; source: string; read: string }[];
  notChecked: string[];
  /** What a region asks for, compared with the first, on demand and spot; and the letters of its zones. */
  regions: Record<string, { factor: number; spotFactor: number; zones: string[] }>;
  /** Where a GPU, or a family that is not everywhere, is. */
  zones: Record<string, string[]>;
  gpus: Record<string, { title: string; accelerator: string; families: string[]; attached: boolean }>;
  disk: { type: string; title: string; pricePerGibHour: number };
  address: { pricePerHour: number };
  /** What lies there while no job runs. */
  idle: { imagePerGibMonth: number; bucketPerGibMonth: number };
  types: PricedType[];
}

export interface PricedType {
  name: string;
  /** Google’s name, where ours says the GPU too. */
  googleName?: string;
  family: string;
  cpus: number;
  memoryGib: number;
  pricePerHour: number;
  spotPerHour: number;
  diskGib: number;
  gpu?: { type: string; count: number };
  /** A key of `zones`; without it, everywhere. */
  zones?: string;
}

/** Compute Engine bills by the second, after the first minute. */
const billedAtLeastSeconds = 60;

export interface CatalogueOptions {
  zones: readonly string[];
  /** Allowed names; none is all. */
  machineTypes: readonly string[];
  publicAddress: boolean;
}

/** A machine type with what it is asked for by. */
export interface OfferedType extends MachineType {
  zones: string[];
  googleName: string;
  accelerator: { type: string; count: number } | null;
  diskGib: number;
  diskType: string;
}

export function latestPrices(folder = join(import.meta.dirname, 'prices')): PriceList {
  const newest = readdirSync(folder)
    .filter((name) => /^\d{4}-\d{2}\.json$/.test(name))
    .toSorted()
    .at(-1);
  if (!newest) throw new TrainyardError('Bug', `There is no price list in ${folder}.`);
  return JSON.parse(readFileSync(join(folder, newest), 'utf8')) as PriceList;
}

/** What exists, in the zones of the settings: a GPU only with a family that can have it, where Google has it. */
export function catalogue(prices: PriceList, options: CatalogueOptions): OfferedType[] {
  const { zones: wanted, machineTypes } = options;
  for (const zone of wanted) {
    const { letter, region } = partsOf(zone);
    if (!prices.regions[region]?.zones.includes(letter)) {
      throw new TrainyardError(
        'BadSettings',
        `The price list of ${prices.date} has no zone “${zone}”.`,
        `gcpZones takes zones of ${Object.keys(prices.regions).join(', ')}.`,
      );
    }
  }
  const unknown = machineTypes.find((name) => !prices.types.some((type) => type.name === name));
  if (unknown !== undefined) {
    throw new TrainyardError(
      'BadSettings',
      `The price list of ${prices.date} has no machine type “${unknown}”.`,
      `gcpMachineTypes takes ${prices.types.map(({ name }) => name).join(', ')}; without it, all are offered.`,
    );
  }
  return prices.types
    .filter(({ name }) => machineTypes.length === 0 || machineTypes.includes(name))
    .map((type) => offer(prices, type, options))
    .filter(({ zones }) => zones.length > 0)
    .toSorted((a, b) => a.pricePerHourMicros - b.pricePerHourMicros);
}

function offer(prices: PriceList, type: PricedType, { zones: wanted, publicAddress }: CatalogueOptions): OfferedType {
  const gpu = type.gpu && prices.gpus[type.gpu.type];
  if (type.gpu && !gpu?.families.includes(type.family)) {
    throw new TrainyardError('Bug', `${type.name} cannot have a GPU of type ${type.gpu.type}.`);
  }
  const there = type.zones ? prices.zones[type.zones] : undefined;
  const zones = wanted.filter((zone) => !there || there.includes(zone));
  // A job may end up in any of its zones, and an estimate must not be lower than the bill.
  const highest = (of: 'factor' | 'spotFactor') =>
    Math.max(1, ...zones.map((zone) => prices.regions[partsOf(zone).region]?.[of] ?? 1));
  const factor = highest('factor');
  const disk = dollars(type.diskGib * prices.disk.pricePerGibHour * factor);
  const around = disk + (publicAddress ? dollars(prices.address.pricePerHour) : 0);
  return {
    name: type.name,
    title: titleOf(type, gpu?.title),
    cpus: type.cpus,
    memoryGib: type.memoryGib,
    gpus: Array.from({ length: type.gpu?.count ?? 0 }, () => gpu?.title ?? ''),
    disk: { title: prices.disk.title, gib: type.diskGib, pricePerHourMicros: disk },
    pricePerHourMicros: Math.ceil(dollars(type.pricePerHour) * factor) + around,
    spotPricePerHourMicros: Math.ceil(dollars(type.spotPerHour) * highest('spotFactor')) + around,
    diskPricePerHourMicros: disk,
    billedAtLeastSeconds,
    zones,
    priceListDate: prices.date,
    googleName: type.googleName ?? type.name,
    accelerator: type.gpu && gpu?.attached ? { type: gpu.accelerator, count: type.gpu.count } : null,
    diskGib: type.diskGib,
    diskType: prices.disk.type,
  };
}

function titleOf({ name, googleName, cpus, memoryGib, gpu }: PricedType, gpuTitle: string | undefined): string {
  const gpus = gpu ? `, ${gpu.count > 1 ? `${gpu.count} × ` : ''}${gpuTitle}` : '';
  return `${googleName ?? name} (${cpus} cores, ${memoryGib} GiB${gpus})`;
}

/** `europe-west4-a` is zone a of the region europe-west4. */
export function partsOf(zone: string): { region: string; letter: string } {
  const at = zone.lastIndexOf('-');
  return { region: zone.slice(0, at), letter: zone.slice(at + 1) };
}
