import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type GoogleProvider, terraformProgram } from '../../../cloud-sim/gcp/google-provider.ts';
import type { GcpSimulation } from '../../../cloud-sim/gcp/start-gcp-simulation.ts';
import type { Json } from './stacks.ts';

export interface Run {
  process: ChildProcess;
  /** Fulfilled at the first line that says so. */
  says(what: (line: Json) => boolean): Promise<void>;
  ended: Promise<Ended>;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What Terraform calls errors, each whole. */
  errors: string[];
  /** Address and action of what was changed. */
  changed: string[];
}

/** One stack's folder, and the real Terraform in it. */
export async function openTerraform(folder: string, provider: GoogleProvider, sim: GcpSimulation) {
  await mkdir(folder, { recursive: true });
  const start = (...args: string[]): Run => {
    const child = spawn(terraformProgram, args, {
      cwd: folder,
      // Its provider goes with it when the test kills the group at last.
      detached: true,
      env: {
        ...process.env,
        TF_CLI_CONFIG_FILE: provider.cliConfig,
        GOOGLE_APPLICATION_CREDENTIALS: sim.keyFile,
        CHECKPOINT_DISABLE: '1',
        TF_IN_AUTOMATION: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines: Json[] = [];
    const waiting: { what: (line: Json) => boolean; go: () => void }[] = [];
    const other: string[] = [];
    const hear = (text: string): void => {
      if (!text.startsWith('{"')) {
        other.push(text);
        return;
      }
      const line = JSON.parse(text) as Json;
      lines.push(line);
      for (const { what, go } of waiting) if (what(line)) go();
    };
    createInterface({ input: child.stdout }).on('line', hear);
    createInterface({ input: child.stderr }).on('line', (text) => other.push(text));
    const ended = once(child, 'close').then(([code, signal]): Ended => {
      const errors = lines
        .filter(({ diagnostic }) => diagnostic?.severity === 'error')
        .map(({ diagnostic }) => [diagnostic.summary, diagnostic.detail].filter(Boolean).join(': '));
      if (code !== 0 && errors.length === 0) errors.push(other.join('\n'));
      const changed = lines
        .filter(({ type }) => type === 'apply_complete')
        .map(({ hook }) => `${hook.action} ${hook.resource.addr}`);
      return { code, signal, errors, changed: changed.toSorted() };
    });
    return {
      process: child,
      ended,
      says: (what) =>
        new Promise((go, fail) => {
          if (lines.some(what)) go();
          else waiting.push({ what, go });
          void ended.then(({ errors }) => fail(new Error(`Terraform ended before: ${errors.join('\n')}`)));
        }),
    };
  };
  return {
    start,
    run: (...args: string[]): Promise<Ended> => start(...args).ended,
    async write(stack: Json): Promise<void> {
      await writeFile(join(folder, 'main.tf.json'), JSON.stringify(stack));
    },
    startApply: (): Run => start('apply', '-auto-approve', '-input=false', '-json'),
    async apply(): Promise<Ended> {
      return this.startApply().ended;
    },
    destroy: (): Promise<Ended> => start('destroy', '-auto-approve', '-input=false', '-json').ended,
    /** 0 when there is nothing to change, 2 when there is. */
    async plan(): Promise<number | null> {
      return (await start('plan', '-input=false', '-json', '-detailed-exitcode').ended).code;
    },
    async state(): Promise<Record<string, Json>> {
      const child = start('state', 'pull').process;
      const chunks: Buffer[] = [];
      child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
      await once(child, 'close');
      const { resources = [] } = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as {
        resources?: { type: string; name: string; instances: { attributes: Json }[] }[];
      };
      return Object.fromEntries(
        resources.map(({ type, name, instances }) => [`${type}.${name}`, instances[0]?.attributes ?? {}]),
      );
    },
  };
}

export type Terraform = Awaited<ReturnType<typeof openTerraform>>;
