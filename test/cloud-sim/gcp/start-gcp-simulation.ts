import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { ownTrainerFolder } from '../../../infra/trainer-image.ts';
import type { AdminVerb, AdminVerbs } from './admin.ts';
import { type AuditEntry, leftOversOf, readAudit } from './audit.ts';
import type { ImageToAdd } from './compute/images.ts';
import type { Delays } from './compute/instance-life.ts';
import type { Fault } from './faults.ts';
import { planFor } from './plan.ts';

export interface GcpSimulationOptions {
  /** Everything that it knows is in here; another start with the same folder goes on with it. */
  folder: string;
  /** With the `entry.sh` that instances run; without it, the real one. */
  trainerFolder?: string;
  /** The interpreter of an engine's environment, where it is prepared. */
  pythonOf?: (engine: string) => string | undefined;
  project?: string;
  images?: ImageToAdd[];
  delays?: Partial<Delays>;
  /** Google allows no instance a shorter life than 30 seconds. */
  shortestRunSeconds?: number;
}

type Times = { times?: number };
type FaultGiven<K extends Fault['kind']> = Omit<Extract<Fault, { kind: K }>, 'kind' | 'times'> & Times;

/** What only a simulation can do. Whatever goes wrong, goes wrong `times` times (once, if nothing is said). */
export interface GcpAdmin {
  error(fault: FaultGiven<'error'>): Promise<void>;
  delay(fault: FaultGiven<'delay'>): Promise<void>;
  operationError(fault: FaultGiven<'operation'>): Promise<void>;
  noCapacity(fault?: FaultGiven<'no-capacity'>): Promise<void>;
  createLate(ms: number, which?: { machineType?: string; times?: number }): Promise<void>;
  clearFaults(): Promise<void>;
  quota(region: string, metric: string, limit: number): Promise<void>;
  loseInstance(name: string): Promise<void>;
  preempt(name: string, noticeSeconds?: number): Promise<void>;
  /** Faster than it really goes by, or on at once; what is simulated takes its times from here. */
  clock(setting: { speed?: number; jumpMs?: number }): Promise<{ nowMs: number }>;
  /** Any other verb of the simulation: service, billing, image, network, instances … */
  ask<V extends AdminVerb>(verb: V, body: AdminVerbs[V]['takes']): Promise<AdminVerbs[V]['answers']>;
}

export interface GcpSimulation {
  endpoint: string;
  pubsubEndpoint: string;
  keyFile: string;
  project: string;
  folder: string;
  admin: GcpAdmin;
  audit(): Promise<AuditEntry[]>;
  /** What was created and has not been deleted. */
  leftOvers(): Promise<AuditEntry[]>;
  /** As `kill -9`: what runs on instances goes on. */
  kill(): Promise<void>;
  /** At the same address, with everything as it was. */
  restart(): Promise<void>;
  /** Ends it, with everything that still runs on its instances. */
  stop(): Promise<void>;
}

const usualNoticeSeconds = 30;
const main = join(import.meta.dirname, 'main.ts');

/** As a trainer knows its engines; one that is no trainer has none. */
function enginesIn(trainerFolder: string): string[] {
  const folder = join(trainerFolder, 'trainer/engines');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && !entry.name.startsWith('_') ? [entry.name] : [],
  );
}

/** Starts the simulated Google Cloud in a process of its own. */
export async function startGcpSimulation(options: GcpSimulationOptions): Promise<GcpSimulation> {
  const folder = resolve(options.folder);
  mkdirSync(folder, { recursive: true });
  const { delays, trainerFolder, project, images, shortestRunSeconds } = options;
  const plan = planFor({
    folder,
    pythons: Object.fromEntries(
      enginesIn(trainerFolder ?? ownTrainerFolder)
        .map((engine) => [engine, options.pythonOf?.(engine)])
        .filter(([, python]) => python),
    ),
    ...(trainerFolder && { trainerFolder: resolve(trainerFolder) }),
    ...(project && { project }),
    ...(images && { images }),
    ...(shortestRunSeconds !== undefined && { shortestRunSeconds }),
  });
  writeFileSync(join(folder, 'plan.json'), JSON.stringify({ ...plan, delays: { ...plan.delays, ...delays } }));

  let child = await startProcess(folder);
  const ended = (): Promise<unknown> =>
    child.process.exitCode !== null || child.process.signalCode !== null
      ? Promise.resolve()
      : new Promise((done) => child.process.on('exit', done));
  const ask: GcpAdmin['ask'] = async (verb, body) => {
    const response = await fetch(`${child.ready.endpoint}/_simulation/${verb}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    const { answer } = (await response.json()) as { answer: never };
    return answer;
  };
  const fault = (given: Fault): Promise<void> => ask('fault', given);
  const kill = async (): Promise<void> => {
    child.process.kill('SIGKILL');
    await ended();
  };
  return {
    ...child.ready,
    project: plan.project,
    folder,
    admin: {
      error: (given) => fault({ kind: 'error', times: 1, ...given }),
      delay: (given) => fault({ kind: 'delay', times: 1, ...given }),
      operationError: (given) => fault({ kind: 'operation', times: 1, ...given }),
      noCapacity: (given = {}) => fault({ kind: 'no-capacity', times: 1, ...given }),
      createLate: (ms, which) => fault({ kind: 'create-late', ms, times: 1, ...which }),
      clearFaults: () => ask('clearFaults', {}),
      quota: (region, metric, limit) => ask('quota', { region, metric, limit }),
      loseInstance: (name) => ask('loseInstance', { name }),
      preempt: (name, noticeSeconds = usualNoticeSeconds) => ask('preempt', { name, noticeSeconds }),
      clock: (setting) => ask('clock', setting),
      ask,
    },
    audit: async () => readAudit(folder),
    leftOvers: async () => leftOversOf(readAudit(folder)),
    kill,
    restart: async () => {
      await kill();
      child = await startProcess(folder);
    },
    stop: async () => {
      // What runs on instances is ended by a simulation that lives; a dead one would leave it behind.
      if (child.process.exitCode !== null || child.process.signalCode !== null) child = await startProcess(folder);
      child.process.kill('SIGTERM');
      await ended();
    },
  };
}

interface Ready {
  endpoint: string;
  pubsubEndpoint: string;
  keyFile: string;
}

/** Its standard input is ours: if this process is killed, it does not stay. */
async function startProcess(folder: string): Promise<{ process: ChildProcess; ready: Ready }> {
  const log = openSync(join(folder, 'simulation.log'), 'a');
  const child = spawn(
    process.execPath,
    [main, '--folder', folder, '--plan', join(folder, 'plan.json'), '--with-stdin'],
    {
      stdio: ['pipe', 'pipe', log],
    },
  );
  closeSync(log);
  child.stdin?.on('error', () => {});
  const ready = await new Promise<Ready>((done, reject) => {
    child.on('error', reject);
    child.on('exit', (code) =>
      reject(new Error(`The simulation ended with ${code}; see ${join(folder, 'simulation.log')}.`)),
    );
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('ready ')) done(JSON.parse(line.slice('ready '.length)) as Ready);
      });
  });
  return { process: child, ready };
}
