import { latestPrices } from './catalogue.ts';
import {
  machineGrants,
  machinePermissions,
  machineRole,
  services,
  servicesForLooking,
  yardNeeds,
  yardRole,
} from './permissions.ts';

/** Trainyard's images are 40 GB disks; what is in them is smaller, and what is billed smaller still. */
const largestImageGib = 40;

/** The tables of docs/gcp.md. `node infra/gcp/docs-tables.ts` prints them, and a test compares the two. */
export function permissionsTable(): string {
  const rows = yardNeeds.map(
    ({ what, permissions }) => `| ${what} | ${permissions.map((one) => `\`${one}\``).join(' ')} |`,
  );
  return [`| so that the workers can (\`${yardRole}\`) | permissions |`, '| --- | --- |', ...rows].join('\n');
}

export function grantsTable(): string {
  const rows = machineGrants.map(({ role, on, why }) => {
    const named =
      role === machineRole
        ? `\`${role}\` (${machinePermissions.map((one) => `\`${one}\``).join(', ')})`
        : `\`${role}\``;
    return `| ${named} | ${on} | ${why} |`;
  });
  return ["| role of a machine's account | on | why |", '| --- | --- | --- |', ...rows].join('\n');
}

export function servicesLine(): string {
  const needed = services.filter((one) => !servicesForLooking.includes(one));
  return `${needed.map((one) => `\`${one}\``).join(', ')}, and for the doctor \`${servicesForLooking.join('`, `')}\``;
}

/** What a month costs in which nobody trains, in the cheapest region. */
export function idleTable(): string {
  const { date, idle, disk, address } = latestPrices();
  const image = (gib: number) => `$${(gib * idle.imagePerGibMonth).toFixed(2)}`;
  const month = (perHour: number) => `$${(perHour * 730).toFixed(2)}`;
  const rows = [
    [
      'machine images',
      `$${idle.imagePerGibMonth.toFixed(2)} a GB and month; at most ${image(largestImageGib)} each, ${image(2 * largestImageGib)} for both`,
    ],
    ['network, subnetwork, Private Google Access, firewall, ssh by IAP', 'nothing'],
    ['roles, service accounts, APIs', 'nothing'],
    ['the bucket of bootstrap', `some KB at $${idle.bucketPerGibMonth.toFixed(2)} a GB and month: less than a cent`],
    ["Trainyard's store", 'nothing at Google: it is a folder of yours today'],
    ['a job that is over', 'nothing: machine, disk, bucket, topic, subscription and account are gone'],
    [
      'what would be left if all went wrong (not idle, but asked for)',
      `a 50 GB disk ${month(50 * disk.pricePerGibHour)}, a public address ${month(address.pricePerHour)} a month`,
    ],
  ];
  return [
    `| prices of ${date}, us-central1 | a month |`,
    '| --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}

if (import.meta.main) console.log([permissionsTable(), grantsTable(), servicesLine(), idleTable()].join('\n\n'));
