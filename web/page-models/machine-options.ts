import { completeLimits, type JobSpec, limitsSchema } from '../../domain/job-spec.ts';
import { formatMoney } from '../../domain/money.ts';
import { needsBudget } from '../../domain/prices.ts';
import type { MachineType } from '../../infra/cloud.ts';
import { worstCaseOf } from '../services/worst-case.ts';
import { type FormValues, requestFrom } from './job-form.ts';
import { cloudWords } from './machine-card.ts';

export type OfferedType = MachineType & { cloud: string };

/** The machines of one cloud, to choose from. */
export interface MachineGroup {
  title: string;
  isOpen: boolean;
  machines: MachineOption[];
}

export interface MachineOption {
  id: string;
  value: string;
  word: string;
  note: string;
  selected: boolean;
  /** Null where it is not offered as a spot machine. */
  spot: { id: string; word: string; note: string; checked: boolean } | null;
  /** What it costs at worst with the limits of the form; null where it costs nothing, or they cannot be read. */
  worst: { sentence: string; parts: { title: string; text: string; amount: string }[] } | null;
}

/** A cap that fits the machine that is chosen; asked for where a machine is billed. */
export interface SuggestedCap {
  needed: boolean;
  dollars: string;
  sentence: string;
}

export function machineGroups(types: readonly OfferedType[], values: FormValues): MachineGroup[] {
  const limits = limitsIn(values);
  const options = types.map((type, index) => ({
    cloud: type.cloud,
    option: optionOf(type, { id: `machine-${index}`, values, limits, types: ofCloud(types, type.cloud) }),
  }));
  const groups = [...Map.groupBy(options, ({ cloud }) => cloud)];
  return groups.map(([cloud, ofGroup]) => ({
    title: groups.length === 1 ? '' : titleOf(cloud, ofGroup.length),
    isOpen: ofGroup.some(({ option }) => option.selected) || ofGroup.length === 1,
    machines: ofGroup.map(({ option }) => option),
  }));
}

/** Of the chosen machine; null where none is chosen, or it costs nothing. */
export function suggestedCap(types: readonly OfferedType[], values: FormValues): SuggestedCap | null {
  const type = types.find((each) => valueOf(each) === one(values, 'machine'));
  const limits = limitsIn(values);
  if (!type || !limits || type.pricePerHourMicros === 0) return null;
  const spot = isSpot(values, valueOf(type));
  const worst = worstCaseOf({ limits, machine: { spot } }, type, ofCloud(types, type.cloud));
  const cap = formatMoney(worst.sensibleBudgetMicros);
  return {
    needed: needsBudget(type.cloud, type),
    dollars: String(worst.sensibleBudgetMicros / 1e6),
    sentence: `${cap} covers the worst case.`,
  };
}

/** Of the chosen machine alone: the mark beside another one says nothing. */
export function isSpot(values: FormValues, machine: string): boolean {
  const marked = [values['machine.spot'] ?? []].flat();
  return marked.includes(machine) || marked.includes('on');
}

function optionOf(
  type: OfferedType,
  given: { id: string; values: FormValues; limits: JobSpec['limits'] | undefined; types: readonly MachineType[] },
): MachineOption {
  const { id, values, limits, types } = given;
  const value = valueOf(type);
  const { spotPricePerHourMicros: spotPrice = null, pricePerHourMicros, diskPricePerHourMicros = 0 } = type;
  const isFree = pricePerHourMicros === 0;
  const price = isFree ? 'costs nothing' : `${formatMoney(pricePerHourMicros)} an hour`;
  const spot = spotPrice === null ? '' : `, as spot ${formatMoney(spotPrice)}`;
  const disk = diskPricePerHourMicros === 0 ? '' : ` · ${formatMoney(diskPricePerHourMicros)} of it for its disk`;
  const gpus = type.gpus.length > 0 ? ` · ${type.gpus.join(', ')}` : '';
  const checked = isSpot(values, value);
  const worst = isFree || !limits ? null : worstCaseOf({ limits, machine: { spot: checked } }, type, types);
  return {
    id,
    value,
    word: `${type.title}, ${price}${spot}`,
    note: `${cloudWords[type.cloud] ?? type.cloud}${gpus}${disk} · prices of ${type.priceListDate}`,
    selected: value === one(values, 'machine'),
    spot:
      spotPrice !== null
        ? {
            id: `${id}-spot`,
            word: `As a spot machine, ${formatMoney(spotPrice)} an hour`,
            note: 'Its cloud may take it back at any moment; it goes on elsewhere from what was safe, after some tries on demand.',
            checked,
          }
        : null,
    worst: worst && {
      sentence: worst.sentence,
      parts: worst.parts.map(({ title, text, micros }) => ({ title, text, amount: formatMoney(micros) })),
    },
  };
}

/** As the form has them now, without its cap: what a cap has to cover. */
function limitsIn(values: FormValues): JobSpec['limits'] | undefined {
  const { request } = requestFrom('', values, []);
  const parsed = limitsSchema.safeParse(request['limits']);
  return parsed.success ? completeLimits({ ...parsed.data, budgetMicros: null }) : undefined;
}

const valueOf = ({ cloud, name }: OfferedType) => `${cloud}/${name}`;
const ofCloud = (types: readonly OfferedType[], cloud: string) => types.filter((type) => type.cloud === cloud);

function one(values: FormValues, name: string): string {
  return [values[name] ?? ''].flat()[0] ?? '';
}

function titleOf(cloud: string, count: number): string {
  const word = cloudWords[cloud] ?? cloud;
  const title = `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
  return count === 1 ? title : `${title}, ${count} kinds`;
}
