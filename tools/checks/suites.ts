import type { EngineNeed, Need } from './needs.ts';

/** One part of a suite: a program that passes or fails as a whole, or tests that are counted one by one. */
export type Step =
  | { kind: 'command'; title: string; command: readonly string[]; folder?: string }
  /** Patterns of paths from the root, as Jest takes them. */
  | { kind: 'jest'; paths: readonly string[]; except?: readonly string[] }
  /** In the environment of an engine, with pytest beside it. */
  | { kind: 'pytest'; engine: EngineNeed; args: readonly string[] };

export interface Suite {
  name: string;
  what: string;
  /** Part of `./x test fast`. */
  fast: boolean;
  budgetSeconds: number;
  /** How many cores it keeps busy; what it measures itself must not be slowed down by a neighbour. */
  cores: 1 | 2;
  needs: readonly Need[];
  steps: readonly Step[];
}

const node = process.execPath;
const bin = (path: string) => `node_modules/${path}`;
/** From trainer-image, whose own packages ruff then knows. */
const pythonSources = ['--config', 'pyproject.toml', '.', '../test/trainer-image'];
const images = 'trainer-image/images';
const scripts = [
  'x',
  '.ci/run',
  'tools/supervisor/guard.sh',
  'trainer-image/entry.sh',
  'infra/gcp/terraform/guarded.sh',
  `${images}/build-engines.sh`,
  `${images}/provision.sh`,
  `${images}/startup-script.sh`,
];
const dockerfiles = ['Dockerfile', `${images}/cpu.Dockerfile`, `${images}/cuda.Dockerfile`];
const yamls = [`${images}/cloudbuild.yaml`, `${images}/cloudbuild-machine.yaml`];

/** A command in a build's step may be as long as it is. */
const yamlRules = '{extends: default, rules: {line-length: disable, document-start: disable}}';

/** Every check there is, the quick ones first. test/tools/suites.test.ts finds a test that none of them runs. */
export const suites: readonly Suite[] = [
  {
    name: 'format',
    what: 'everything is formatted (biome, ruff)',
    fast: true,
    budgetSeconds: 10,
    cores: 1,
    needs: ['python tools'],
    steps: [
      { kind: 'command', title: 'biome', command: [node, bin('@biomejs/biome/bin/biome'), 'format', '.'] },
      {
        kind: 'command',
        title: 'ruff format',
        command: ['ruff', 'format', '--check', '--quiet', ...pythonSources, '../infra'],
        folder: 'trainer-image',
      },
    ],
  },
  {
    name: 'lint',
    what: 'oxlint with types, ruff, shellcheck, hadolint, yamllint, and imports that point one way',
    fast: true,
    budgetSeconds: 20,
    cores: 2,
    needs: ['shellcheck', 'python tools'],
    steps: [
      {
        kind: 'command',
        title: 'oxlint',
        command: [node, bin('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'],
      },
      { kind: 'command', title: 'imports', command: [node, 'tools/checks/imports-point-one-way.ts'] },
      { kind: 'command', title: 'shellcheck', command: ['shellcheck', ...scripts] },
      { kind: 'command', title: 'hadolint', command: ['hadolint', ...dockerfiles] },
      { kind: 'command', title: 'yamllint', command: ['yamllint', '--strict', '-d', yamlRules, ...yamls] },
      {
        kind: 'command',
        title: 'ruff',
        command: ['ruff', 'check', '--quiet', '--output-format=concise', ...pythonSources],
        folder: 'trainer-image',
      },
      {
        kind: 'command',
        title: 'ruff of infra',
        // These speak to the operating system, in its words: os.stat, not Path.stat.
        command: [
          'ruff',
          'check',
          '--quiet',
          '--output-format=concise',
          '--ignore',
          'PTH',
          '--config',
          'trainer-image/pyproject.toml',
          'infra',
        ],
      },
    ],
  },
  {
    name: 'types',
    what: 'tsc',
    fast: true,
    budgetSeconds: 15,
    cores: 2,
    needs: [],
    steps: [{ kind: 'command', title: 'tsc', command: [node, bin('typescript/bin/tsc')] }],
  },
  {
    name: 'unit',
    what: 'rules, settings and tools by themselves',
    fast: true,
    budgetSeconds: 25,
    cores: 1,
    needs: [],
    steps: [
      {
        kind: 'jest',
        paths: ['test/domain/', 'test/settings/', 'test/tools/'],
        except: ['test/domain/recipe/', 'test/tools/supervisor/'],
      },
    ],
  },
  {
    name: 'recipe',
    what: 'steps, formulas, and any recipe over any table (DuckDB, in Node and in Python)',
    fast: false,
    budgetSeconds: 90,
    cores: 1,
    needs: ['sklearn'],
    steps: [{ kind: 'jest', paths: ['test/domain/recipe/'] }],
  },
  {
    name: 'supervisor',
    what: 'starting, stopping and surviving, with real processes',
    fast: false,
    budgetSeconds: 40,
    cores: 1,
    needs: [],
    steps: [{ kind: 'jest', paths: ['test/tools/supervisor/'] }],
  },
  {
    name: 'data',
    what: 'files in, Parquet out, and what bad input gets (DuckDB)',
    fast: false,
    budgetSeconds: 150,
    cores: 1,
    needs: [],
    steps: [{ kind: 'jest', paths: ['test/data/'] }],
  },
  {
    name: 'infra',
    what: 'the contract of a cloud on this machine, store, environments',
    fast: false,
    budgetSeconds: 90,
    cores: 1,
    needs: ['sklearn'],
    steps: [{ kind: 'jest', paths: ['test/infra/'], except: ['test/infra/gcp/'] }],
  },
  {
    name: 'gcp',
    what: 'the house on Google Cloud: stacks, errors, prices, and the contract of a cloud on the simulation',
    fast: false,
    budgetSeconds: 330,
    cores: 1,
    needs: ['google packages', 'cloud sim', 'google provider', 'terraform'],
    steps: [
      {
        kind: 'command',
        title: 'tsc of infra/gcp',
        command: [node, bin('typescript/bin/tsc'), '--project', 'infra/gcp/tsconfig.json'],
      },
      {
        kind: 'jest',
        paths: ['test/infra/gcp/', 'test/workers/'],
        except: ['test/infra/gcp/terraform-provider/', 'test/infra/gcp/doctor', 'test/infra/gcp/bootstrap'],
      },
    ],
  },
  {
    name: 'terraform-provider',
    what: 'our stand-in for Google’s Terraform provider, beside the real one where that is in reach (then minutes more)',
    fast: false,
    budgetSeconds: 60,
    cores: 1,
    needs: ['google packages', 'cloud sim', 'google provider', 'terraform'],
    steps: [{ kind: 'jest', paths: ['test/infra/gcp/terraform-provider/'] }],
  },
  {
    name: 'gcp-project',
    what: './x doctor gcp and ./x gcp bootstrap on the simulation, with the real Terraform and provider',
    fast: false,
    budgetSeconds: 100,
    cores: 1,
    needs: ['google packages', 'cloud sim', 'terraform'],
    steps: [{ kind: 'jest', paths: ['test/infra/gcp/doctor', 'test/infra/gcp/bootstrap'] }],
  },
  {
    name: 'cloud-sim',
    what: 'what stands in for Google Cloud, and that the real Terraform provider takes it for that',
    fast: false,
    budgetSeconds: 50,
    cores: 1,
    needs: ['cloud sim'],
    steps: [{ kind: 'jest', paths: ['test/cloud-sim/'] }],
  },
  {
    name: 'database',
    what: 'every store and migration on SQLite and on a real MariaDB',
    fast: false,
    budgetSeconds: 60,
    cores: 1,
    needs: ['mariadb'],
    steps: [{ kind: 'jest', paths: ['test/db/'] }],
  },
  {
    name: 'workflow',
    what: 'the stories against a real Temporal server',
    fast: false,
    budgetSeconds: 500,
    cores: 1,
    needs: ['temporal'],
    steps: [{ kind: 'jest', paths: ['test/workflows/'], except: ['test/workflows/replay'] }],
  },
  {
    name: 'activity',
    what: 'each activity twice with one effect, reconcile, and what is asked of Temporal',
    fast: false,
    budgetSeconds: 90,
    cores: 1,
    needs: ['temporal'],
    steps: [{ kind: 'jest', paths: ['test/activities/', 'test/temporal/'] }],
  },
  {
    name: 'replay',
    what: 'stored histories replay with this code, and seeded mistakes are caught',
    fast: false,
    budgetSeconds: 20,
    cores: 1,
    needs: [],
    steps: [{ kind: 'jest', paths: ['test/workflows/replay'] }],
  },
  {
    name: 'runner',
    what: 'what runs beside a trainer on every machine, and how machines are made',
    fast: false,
    budgetSeconds: 110,
    cores: 1,
    needs: ['python tools', 'sklearn'],
    steps: [
      { kind: 'command', title: 'pyright', command: [node, bin('pyright/index.js'), '--project', 'trainer-image'] },
      { kind: 'pytest', engine: 'sklearn', args: ['test/trainer-image/runner', 'test/trainer-image/images'] },
    ],
  },
  {
    name: 'machine',
    what: 'a training on a machine of the simulated Google Cloud, from its boot to its own removal',
    fast: false,
    budgetSeconds: 40,
    cores: 1,
    needs: ['cloud sim', 'sklearn'],
    steps: [{ kind: 'jest', paths: ['test/trainer-image/'] }],
  },
  {
    name: 'trainer',
    what: 'the trainer with the small engine',
    fast: false,
    budgetSeconds: 310,
    cores: 1,
    needs: ['python tools', 'sklearn'],
    steps: [
      {
        kind: 'pytest',
        engine: 'sklearn',
        args: ['-m', 'not autogluon and not torch and not h2o', 'test/trainer-image/trainer'],
      },
      { kind: 'pytest', engine: 'sklearn', args: ['test/trainer-image/recipe'] },
    ],
  },
  {
    name: 'autogluon',
    what: 'the trainer with AutoGluon',
    fast: false,
    budgetSeconds: 320,
    cores: 1,
    needs: ['python tools', 'autogluon'],
    steps: [{ kind: 'pytest', engine: 'autogluon', args: ['-m', 'autogluon', 'test/trainer-image/trainer'] }],
  },
  {
    name: 'torch',
    what: 'the trainer with PyTorch, a job of it on IDX files, and one whose machine is lost, disk and all',
    fast: false,
    budgetSeconds: 550,
    cores: 2,
    needs: ['python tools', 'temporal', 'torch'],
    steps: [
      { kind: 'pytest', engine: 'torch', args: ['-m', 'torch', 'test/trainer-image/trainer'] },
      { kind: 'jest', paths: ['test/lost-disk/', 'test/whole-jobs/torch'] },
    ],
  },
  {
    name: 'h2o',
    what: 'the trainer with H2O, and a job of it whose trainer dies beside its Java',
    fast: false,
    budgetSeconds: 285,
    cores: 2,
    needs: ['python tools', 'temporal', 'h2o'],
    steps: [
      { kind: 'pytest', engine: 'h2o', args: ['-m', 'h2o', 'test/trainer-image/trainer'] },
      { kind: 'jest', paths: ['test/whole-jobs/h2o'] },
    ],
  },
  {
    name: 'web',
    what: 'API, pages and command line, without a browser',
    fast: false,
    budgetSeconds: 130,
    cores: 1,
    needs: ['temporal', 'sklearn'],
    steps: [{ kind: 'jest', paths: ['test/web/', 'test/cli/'] }],
  },
  {
    name: 'browser',
    what: 'the pages in a real Chromium, with axe-core',
    fast: false,
    budgetSeconds: 125,
    cores: 1,
    needs: ['chromium', 'temporal', 'sklearn'],
    steps: [{ kind: 'jest', paths: ['test/browser/'] }],
  },
  {
    name: 'e2e',
    what: 'the whole product as ./x up runs it, with both engines, and killed at each phase',
    fast: false,
    budgetSeconds: 180,
    cores: 2,
    needs: ['chromium', 'temporal', 'sklearn', 'autogluon'],
    steps: [{ kind: 'jest', paths: ['test/e2e/', 'test/chaos/'] }],
  },
  {
    name: 'gcp-e2e',
    what: 'whole jobs on the simulated Google Cloud, with the real Terraform and provider, and all that goes wrong there',
    fast: false,
    budgetSeconds: 340,
    cores: 2,
    needs: ['temporal', 'sklearn', 'google packages', 'cloud sim', 'google provider', 'terraform'],
    steps: [{ kind: 'jest', paths: ['test/e2e-gcp/'] }],
  },
];
