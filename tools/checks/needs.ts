import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildEnvironment } from '../../infra/local/build-environment.ts';
import { engineEnvironments } from '../../infra/local/engine-environments.ts';
import type { Settings } from '../../settings/settings.ts';
import { trainerFolderOf } from '../../workers/open-clouds.ts';
import type { Progress } from '../progress.ts';
import { Problem } from '../problem.ts';
import { findPython } from '../python.ts';
import { lastLines, runProgram } from '../run-program.ts';
import { root } from '../run-script.ts';
import { bringCloudSim } from '../cloud-sim/bring-cloud-sim.ts';
import { bringGoogleProvider } from '../cloud-sim/bring-google-provider.ts';
import { bringTerraform } from '../terraform/bring-terraform.ts';
import { bringTemporal } from '../temporal-server/bring-temporal.ts';
import { bringSystemPackage, type SystemPackage } from './apt.ts';

/** What a suite needs beside Node and the packages. */
export type Need = (typeof toolNeeds)[number] | EngineNeed;

export const toolNeeds = [
  'temporal',
  'cloud sim',
  'mariadb',
  'chromium',
  'shellcheck',
  'python tools',
  'google packages',
  'terraform',
  'google provider',
] as const;

/** The environment of an engine, by its name: which ones there are, the trainer's folder says. */
export type EngineNeed = string & {};

export const systemPackages = {
  mariadb: {
    programs: ['mariadbd', 'mysqld'],
    debian: 'mariadb-server',
    brew: 'mariadb',
    size: '200 MB on disk, half a minute',
  },
  chromium: {
    programs: [
      'chromium',
      'chromium-browser',
      'google-chrome',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    debian: 'chromium',
    brew: '--cask google-chrome',
    size: '400 MB on disk, a minute',
  },
  shellcheck: { programs: ['shellcheck'], debian: 'shellcheck', brew: 'shellcheck', size: '30 MB on disk' },
} satisfies Partial<Record<Need, SystemPackage>>;

/** Brings what suites need, each once, however many ask. */
export class Needs {
  readonly #settings: Settings;
  readonly #progress: Progress;
  readonly #brought = new Map<Need, Promise<void>>();

  constructor(settings: Settings, progress: Progress) {
    this.#settings = settings;
    this.#progress = progress;
  }

  bring(need: Need): Promise<void> {
    const under = this.#brought.get(need) ?? this.#bring(need);
    this.#brought.set(need, under);
    return under;
  }

  /** The Python of an engine. */
  python(engine: EngineNeed): string {
    return this.#environments().python(engine) ?? 'python3';
  }

  /** Where ruff, pytest, hadolint and yamllint are installed. */
  async pythonTools(): Promise<string> {
    const { cacheFolder, pythonPath } = this.#settings;
    const { version } = await findPython(pythonPath);
    const lock = readFileSync(pythonToolsLock);
    const hash = createHash('sha256').update(lock).update(version).digest('hex').slice(0, 16);
    return join(cacheFolder, 'tools', `python-checks-${hash}`);
  }

  async #bring(need: Need): Promise<void> {
    const ofSystem = (systemPackages as Record<string, SystemPackage>)[need];
    if (ofSystem) return bringSystemPackage(ofSystem, this.#progress);
    if (need === 'temporal') {
      await bringTemporal(this.#settings.cacheFolder, this.#progress);
      return;
    }
    if (need === 'cloud sim') return bringCloudSim(this.#settings.cacheFolder, this.#progress);
    if (need === 'google provider') return bringGoogleProvider(this.#settings.cacheFolder, this.#progress);
    if (need === 'python tools') return this.#bringPythonTools();
    if (need === 'google packages') return this.#bringGooglePackages();
    if (need === 'terraform') return this.#bringTerraform();
    return this.#bringEngine(need);
  }

  async #bringEngine(engine: EngineNeed): Promise<void> {
    const environments = this.#environments();
    if (environments.python(engine) !== undefined) return;
    await this.#under(`Preparing the Python environment of ${engine}`, async (say) => {
      await environments.prepare(engine, say);
    });
  }

  /** As a person does it, by the one command: it knows whether they are there. */
  async #bringGooglePackages(): Promise<void> {
    await this.#under('Preparing the packages for Google Cloud', async () => {
      const { code, output } = await runProgram(join(root, 'x'), ['install', 'gcp']);
      if (code !== 0) throw new Error(lastLines(output, 2));
    });
  }

  /** Where it cannot be had, the suites say what they leave out. */
  async #bringTerraform(): Promise<void> {
    const { gcpTerraform: given, cacheFolder, pythonPath } = this.#settings;
    try {
      await bringTerraform({ given, cacheFolder, pythonPath }, this.#progress);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#progress.line(error.message);
    }
  }

  async #bringPythonTools(): Promise<void> {
    const place = await this.pythonTools();
    if (existsSync(join(place, '.ready'))) return;
    const { cacheFolder } = this.#settings;
    const { path } = await findPython(this.#settings.pythonPath);
    const order = { place, lock: pythonToolsLock, cacheFolder, title: 'ruff, pytest and hadolint', megabytes: 30 };
    await this.#under('Preparing ruff, pytest and hadolint', (say) => buildEnvironment(path, order, say));
  }

  async #under(title: string, work: (say: (sentence: string) => void) => Promise<void>): Promise<void> {
    const step = this.#progress.step(title, 'once');
    try {
      await work((sentence) => step.update(null, sentence));
      step.done();
    } catch (error) {
      step.failed();
      throw error;
    }
  }

  #environments() {
    const { cacheFolder, pythonPath } = this.#settings;
    return engineEnvironments({
      cacheFolder,
      trainerFolder: trainerFolderOf(this.#settings),
      pythonPath: pythonPath || 'python3',
    });
  }
}

const pythonToolsLock = join(import.meta.dirname, 'python/requirements.lock');
