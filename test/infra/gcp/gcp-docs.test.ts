import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { grantsTable, idleTable, permissionsTable, servicesLine } from '../../../infra/gcp/docs-tables.ts';
import { cloudFailures } from '../../../infra/gcp/errors.ts';
import { machineRole } from '../../../infra/gcp/names.ts';
import {
  machinePermissions,
  yardAccountId,
  yardNeeds,
  yardPermissions,
  yardRole,
} from '../../../infra/gcp/permissions.ts';
import { terraformVersion } from '../../../infra/terraform-program.ts';
import { environmentName, settingNames } from '../../../settings/declarations.ts';

const root = join(import.meta.dirname, '../../..');
const doc = readFileSync(join(root, 'docs/gcp.md'), 'utf8');

describe('docs/gcp.md', () => {
  test.each([
    ['permissions', permissionsTable()],
    ['grants', grantsTable()],
    ['APIs', servicesLine()],
    ['idle costs', idleTable()],
  ])('has the %s of the code; node infra/gcp/docs-tables.ts prints them', (_, table) => {
    expect(doc).toContain(table);
  });

  test('says of each failure of the cloud what it is and what to do', () => {
    const rows = [...doc.matchAll(/^\| `(\w+)` \| .{10,} \| .{10,} \|$/gm)].map(([, type]) => type);
    expect(rows.toSorted()).toEqual([...cloudFailures].toSorted());
  });

  test('names settings, roles and versions as they are', () => {
    const named = [...doc.matchAll(/\bgcp[A-Z]\w+/g)].map(([name]) => name);
    expect(named.filter((name) => !(settingNames as string[]).includes(name))).toEqual([]);
    const inEnvironment = [...doc.matchAll(/\bTRAINYARD_\w+/g)].map(([name]) => name);
    expect(inEnvironment.filter((name) => !settingNames.map(environmentName).includes(name))).toEqual([]);
    for (const name of [yardRole, machineRole, yardAccountId, `release ${terraformVersion}`])
      expect(doc).toContain(name);
  });
});

describe('the list of permissions', () => {
  test('has each once, in the form that Google gives them', () => {
    const all = yardNeeds.flatMap(({ permissions }) => permissions);
    expect(new Set(all).size).toBe(all.length);
    for (const one of [...all, ...machinePermissions]) expect(one).toMatch(/^[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+$/);
    expect(yardPermissions).toHaveLength(all.length);
  });

  test('may not change the project, its roles, its networks, or make keys', () => {
    const forbidden =
      /^resourcemanager\.projects\.(set|update|delete)|^iam\.roles\.(?!get)|serviceAccountKeys|^compute\.(networks|subnetworks|firewalls)\.(create|update|delete)|^iam\.serviceAccounts\.(setIamPolicy|getAccessToken|sign)|\*/;
    expect(yardPermissions.filter((one) => forbidden.test(one))).toEqual([]);
  });
});
