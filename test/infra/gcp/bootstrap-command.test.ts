import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../../tools/run-program.ts';

const program = join(import.meta.dirname, '../../../tools/gcp.ts');

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ty-gcp-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const gcp = async (args: string[], more: Record<string, string> = {}) => {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, TRAINYARD_CACHE_FOLDER: join(home, 'cache'), ...more };
  const { code, output } = await runProgram(process.execPath, [program, ...args], { env });
  return { code, output };
};

it.each([[['bootstrap', '--help']], [['terraform', '--help']], [['-h']], [[]]])('explains itself: %j', async (args) => {
  const { code, output } = await gcp(args);
  expect([code, output]).toEqual([0, expect.stringContaining('./x gcp bootstrap --project P --region R')]);
});

it.each(['My Project', 'UPPER', 'short', 'ends-with-'])('takes “%s” for no id of a project', async (project) => {
  const { code, output } = await gcp(['bootstrap', '--project', project, '--region', 'us-central1']);
  expect([code, output]).toEqual([1, expect.stringContaining(`“${project}” is no id of a project`)]);
});

it('asks for credentials before it fetches anything, without the warnings of libraries', async () => {
  // A computer whose network answers for the metadata server, and does not know it.
  const nobody = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const host = `127.0.0.1:${(nobody.address() as AddressInfo).port}`;
  const { code, output } = await gcp(['bootstrap', '--project', 'my-trainyard', '--region', 'us-central1'], {
    GCE_METADATA_HOST: host,
  });
  nobody.close();
  expect(code).toBe(1);
  expect(output).toContain(
    'There are no credentials for Google that work. Run: gcloud auth application-default login;',
  );
  expect(output).not.toContain('MetadataLookupWarning');
  expect(output).not.toContain('Terraform');
});
