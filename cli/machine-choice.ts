import { formatMoney } from '../domain/money.ts';
import type { z } from 'zod';
import type { machineTypeSchema } from '../web/routes/api/schemas.ts';
import type { ApiClient } from './client.ts';
import { exitCodes, Usage } from './exit-codes.ts';
import type { Output } from './output.ts';

type OfferedType = z.infer<typeof machineTypeSchema>;

/** As the API takes it; nothing where nothing was said. */
export function machineOf({ machine, spot, ssh }: { machine?: string; spot?: boolean; ssh?: boolean }) {
  if (machine === undefined) {
    if (ssh) throw new Usage('Say by --machine which machine is to be logged in to.');
    if (spot) throw new Usage('Say by --machine which machine is to be a spot one.');
    return {};
  }
  const [cloud, ...type] = machine.split('/');
  if (!cloud || type.join('/') === '') throw new Usage(`“${machine}” is no cloud/type, like local/local.`);
  return { machine: { cloud, type: type.join('/'), spot: spot ?? false, ...(ssh ? { ssh } : {}) } };
}

/** Before minutes of uploading: whether the cloud that is named is there. All else the server says when it has the data. */
export async function lookForMachine(client: ApiClient, options: { machine?: string }): Promise<void> {
  const cloud = machineOf(options).machine?.cloud;
  if (cloud !== undefined) await client.get('/api/v1/machine-types', { cloud });
}

/** The kinds of machines of all clouds, as `--machine` takes them. */
export async function machines(client: ApiClient, out: Output): Promise<number> {
  const types = await client.get<OfferedType[]>('/api/v1/machine-types');
  out.show(types, types.map(typeText).join('\n'));
  return exitCodes.done;
}

function typeText(type: OfferedType): string {
  const { cloud, name, cpus, memoryGib, gpus, pricePerHourMicros, spotPricePerHourMicros, priceListDate } = type;
  const price = pricePerHourMicros === 0 ? 'costs nothing' : `${formatMoney(pricePerHourMicros)} an hour`;
  const spot = spotPricePerHourMicros ? `, as spot ${formatMoney(spotPricePerHourMicros)}` : '';
  const sizes = [`${cpus} cores`, `${memoryGib} GiB`, ...gpus].join(', ');
  return `${cloud}/${name}  ${sizes}  ${price}${spot} (prices of ${priceListDate})`;
}
