import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../../../tools/run-program.ts';
import { type GoogleProvider, terraformProgram } from '../../../cloud-sim/gcp/google-provider.ts';
import { providerSource } from '../../../../tools/cloud-sim/find-google-provider.ts';
import { findProviders } from './find-providers.ts';
import { type Json, machine, projectOnce, signals } from './stacks.ts';

const providers = await findProviders();
const ours = providers.find(({ kind }) => kind === 'ours');
const real = providers.find(({ kind }) => kind === 'real');
const hasGo = (await runProgram('go', ['version'], { timeoutMs: 20_000 })).code === 0;
const place = { project: 'p1', endpoint: 'http://127.0.0.1:1' };
const stacks = [signals(place), machine(place), projectOnce(place)];

/** Every attribute and block of a schema by its path, with its type and nesting. */
type Shapes = Map<string, string>;

describe('our stand-in for Google’s provider', () => {
  (hasGo ? test : test.skip)(
    `passes go vet${hasGo ? '' : ' (there is no Go)'}`,
    async () => {
      const { code, output } = await runProgram('go', ['vet', './...'], {
        cwd: providerSource,
        env: { ...process.env, GOFLAGS: '-buildvcs=false', GOWORK: 'off', CGO_ENABLED: '0' },
      });
      expect({ code, output }).toEqual({ code: 0, output: '' });
    },
    300_000,
  );

  (ours ? test : test.skip)(
    'has every attribute that our stacks set',
    async () => {
      if (!ours) return;
      const { resources, provider } = await schemaOf(ours);
      for (const stack of stacks) {
        const [config] = [stack['provider'].google].flat() as Json[];
        for (const path of pathsIn('', config ?? {})) expect([...provider.keys()]).toContain(path);
        for (const [type, ofType] of Object.entries(stack['resource'] as Record<string, Record<string, Json>>)) {
          const known = [...(resources.get(type)?.keys() ?? [])];
          for (const one of Object.values(ofType)) for (const path of pathsIn('', one)) expect(known).toContain(path);
        }
      }
    },
    60_000,
  );

  const both = ours && real ? test : test.skip;
  both(
    `has the real one's types and nesting${real ? '' : ' (the real one is not in reach)'}`,
    async () => {
      if (!ours || !real) return;
      const [own, theirs] = [await schemaOf(ours), await schemaOf(real)];
      expect(differences(own.provider, theirs.provider)).toEqual([]);
      for (const [type, shapes] of own.resources) {
        expect([type, differences(shapes, theirs.resources.get(type) ?? new Map())]).toEqual([type, []]);
      }
    },
    120_000,
  );
});

/** Of what ours has: it need not have all. */
function differences(own: Shapes, theirs: Shapes): string[] {
  return [...own]
    .filter(([path, shape]) => theirs.get(path) !== shape)
    .map(([path, shape]) => `${path}: ${shape}, not ${theirs.get(path)}`);
}

async function schemaOf(provider: GoogleProvider): Promise<{ provider: Shapes; resources: Map<string, Shapes> }> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-schema-'));
  try {
    const { required_providers } = signals(place)['terraform'];
    await writeFile(join(folder, 'main.tf.json'), JSON.stringify({ terraform: { required_providers } }));
    const options = {
      cwd: folder,
      env: { ...process.env, TF_CLI_CONFIG_FILE: provider.cliConfig, CHECKPOINT_DISABLE: '1' },
    };
    await runProgram(terraformProgram, ['init', '-input=false'], options);
    // To a file: it is 7 MB of the real one.
    await runProgram('sh', ['-c', '"$0" providers schema -json > schema.json', terraformProgram], options);
    const file = join(folder, 'schema.json');
    const { provider_schemas: all } = JSON.parse(await readFile(file, 'utf8')) as Json;
    const [schema] = Object.values<Json>(all);
    const resources = Object.entries(schema?.['resource_schemas'] as Json).map(
      ([type, { block, version }]): [string, Shapes] => [type, shapesIn('', block).set('version', String(version))],
    );
    return { provider: shapesIn('', schema?.['provider'].block), resources: new Map(resources) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function shapesIn(prefix: string, block: Json): Shapes {
  const shapes: Shapes = new Map();
  for (const [name, { type, required }] of Object.entries((block['attributes'] ?? {}) as Json)) {
    shapes.set(prefix + name, `${JSON.stringify(type)}${required ? ', required' : ''}`);
  }
  for (const [name, { nesting_mode: mode, block: inner }] of Object.entries((block['block_types'] ?? {}) as Json)) {
    shapes.set(prefix + name, `blocks, ${mode}`);
    for (const [path, shape] of shapesIn(`${prefix}${name}.`, inner)) shapes.set(path, shape);
  }
  return shapes;
}

/** As `shapesIn` names them; a map of texts is one attribute. */
function pathsIn(prefix: string, config: Json): string[] {
  return Object.entries(config).flatMap(([name, value]) => {
    if (name === '//') return [];
    const inner = ['labels', 'metadata'].includes(name) ? [] : [value].flat().filter((one) => typeof one === 'object');
    return [prefix + name, ...inner.flatMap((one) => pathsIn(`${prefix}${name}.`, one as Json))];
  });
}
