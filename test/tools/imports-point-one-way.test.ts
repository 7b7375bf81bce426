import { breachesIn, importsOf } from '../../tools/checks/imports-point-one-way.ts';

const breaches = (path: string, text: string) =>
  breachesIn({ path, text }).map((line) => line.replace(`${path}: `, ''));

describe('imports point one way', () => {
  it('finds what a folder must not know', () => {
    expect(breaches('infra/store.ts', "import { openStores } from '../db/open-stores.ts';")).toEqual([
      'imports db/open-stores.ts, and infra must not know db',
    ]);
    expect(breaches('domain/task.ts', "export { settings } from '../settings/settings.ts';")).toHaveLength(1);
    expect(breaches('domain/task.ts', "const { x } = await import('../db/x.ts');")).toHaveLength(1);
  });

  it('lets workflows see the types of activities, and no more', () => {
    expect(
      breaches('workflows/train-job.ts', "import type { Activities } from '../activities/activities.ts';"),
    ).toEqual([]);
    expect(
      breaches('workflows/train-job.ts', "import { type Activities, run } from '../activities/activities.ts';"),
    ).toEqual(['imports more than types from activities/activities.ts']);
  });

  it('knows where settings may be read', () => {
    const text = "import { loadSettings } from '../settings/settings.ts';";
    for (const path of ['workers/main.ts', 'web/server.ts', 'cli/trainyard.ts', 'tools/up.ts'])
      expect(breaches(path, text)).toEqual([]);
    for (const path of ['web/app.ts', 'activities/costs.ts', 'db/scope.ts'])
      expect(breaches(path, text)).toHaveLength(1);
  });

  it('keeps packages where they belong', () => {
    expect(breaches('web/app.ts', "import knex from 'knex';")).toEqual(['imports knex: only db/ knows knex']);
    expect(breaches('web/app.ts', "import type { Knex } from 'knex';")).toEqual([]);
    expect(breaches('domain/ids.ts', "import { readFileSync } from 'node:fs';")).toHaveLength(1);
    expect(breaches('domain/ids.ts', "import { z } from 'zod';")).toEqual([]);
    expect(breaches('workflows/a.ts', "import { join } from 'node:path';")).toHaveLength(1);
    expect(breaches('workflows/a.ts', "import { sleep } from '@temporalio/workflow';")).toEqual([]);
  });

  it('lets only infra ask which cloud it is', () => {
    const text = "if (job.cloud === 'local') return;";
    expect(breaches('activities/machines.ts', text)).toEqual(['asks which cloud it is; only infra/ may']);
    expect(breaches('infra/house.ts', text)).toEqual([]);
  });

  it('reads imports over several lines and of every form', () => {
    const text = `import 'a';\nimport b, {\n  type C,\n} from 'b';\nimport type * as d from 'd';\nexport * from 'e';\nimport {\n  type F,\n  type G,\n} from 'f';`;
    expect(importsOf(text)).toEqual([
      { specifier: 'b', typeOnly: false },
      { specifier: 'd', typeOnly: true },
      { specifier: 'e', typeOnly: false },
      { specifier: 'f', typeOnly: true },
      { specifier: 'a', typeOnly: false },
    ]);
  });
});
