import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import request from 'supertest';
import { enginesText, settingsFrom } from '../../cli/engine-settings.ts';
import { describeEngines } from '../../infra/engines.ts';
import { engineEnvironments } from '../../infra/local/engine-environments.ts';
import { openPageApp, type PageApp, tableOf } from './page-app.ts';
import { fieldsOf, formSession } from './pages/form-session.ts';

const run = promisify(execFile);
const ours = join(import.meta.dirname, '../../trainer-image');

/** One folder with a module and its requirements: nothing else is written anywhere. */
const stumps = `"""Trees of one decision."""

from trainer.declaration import Continuing, Declaration, Setting
from trainer.failures import TrainerFailure

DECLARATION = Declaration(
    name="stumps",
    title="Stumps",
    summary="Trees of one decision, for those in a hurry.",
    tasks=("binary",),
    settings=(
        Setting(name="how_many", title="How many", help="More are slower.", type="integer", default=7, min=1, max=99),
        Setting(
            name="wood", title="Wood", help="Of which tree.", type="choice", default="oak",
            choices=(("oak", "Oak"), ("ash", "Ash")),
        ),
    ),
    continuing=Continuing(
        "Further stumps join the kept ones.",
        setting="wood",
        choices=(("oak", "They stand where the kept ones do."), ("ash", "They are planted anew.")),
    ),
    download_megabytes=3,
    install_seconds=1,
    prepared_at_start=False,
)


def check(spec, settings, rows):
    if settings["wood"] == "ash" and settings["how_many"] > 9:
        raise TrainerFailure.of_setting("how_many", "Of ash there are nine at most.")
`;

let folder: string;
let trainerFolder: string;
let pages: PageApp;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-another-engine-'));
  trainerFolder = join(folder, 'trainer-image');
  await cp(ours, trainerFolder, { recursive: true, filter: (path) => !path.includes('__pycache__') });
  const module = join(trainerFolder, 'trainer/engines/stumps');
  await mkdir(module);
  await writeFile(join(module, '__init__.py'), stumps);
  await writeFile(join(module, 'requirements.in'), 'duckdb==1.5.6\n');
  await writeFile(join(module, 'requirements.lock'), 'duckdb==1.5.6 --hash=sha256:00\n');
  pages = await openPageApp({ trainerFolder });
}, 60_000);
afterAll(async () => {
  await pages?.close();
  await rm(folder, { recursive: true, force: true });
});

test('is in the form, with its settings', async () => {
  const session = formSession(pages.app);
  const uploaded = await session.upload('/jobs/new', '/jobs/new/upload', 'mornings.csv', tableOf(120));
  const form = await session.get(uploaded.headers['location'] as string);
  expect(form.text).toContain('Trees of one decision, for those in a hurry.');
  expect(fieldsOf(form.text, '/jobs/confirm')).toMatchObject({ 'stumps.how_many': '7', 'stumps.wood': 'oak' });
});

test('is in the document of the API, and a job is checked by what it declares and by its own module', async () => {
  const { body: document } = await request(pages.app).get('/openapi.json');
  const { EngineChoice: choice, StumpsEngine: schema } = document.components.schemas;
  expect(choice.discriminator.mapping).toMatchObject({ stumps: '#/components/schemas/StumpsEngine' });
  expect(schema.properties.settings.properties.how_many).toMatchObject({ default: 7, minimum: 1, maximum: 99 });

  const csv = Buffer.from(tableOf(120));
  const uploaded = await request(pages.app)
    .post('/api/v1/datasets')
    .set('X-Trainyard', '1')
    .attach('file', csv, 'm.csv');
  const problemsOf = async (settings: object, kind = 'binary') => {
    const task = { kind, labels: ['happy'] };
    const job = { name: 'x', datasetId: uploaded.body.id, task, engine: { name: 'stumps', settings } };
    const { body } = await request(pages.app).post('/api/v1/jobs/check').send(job);
    return (body.problems as { message: string }[]).map(({ message }) => message);
  };
  expect(await problemsOf({ how_many: 9, wood: 'ash' })).toEqual([]);
  expect(await problemsOf({ how_many: 100 })).toEqual(['How many is at most 99.']);
  expect(await problemsOf({ leaves: 3 })).toEqual(['Stumps has no setting “leaves”. It has: how_many, wood.']);
  expect(await problemsOf({ how_many: 10, wood: 'ash' })).toEqual(['Of ash there are nine at most.']);
});

test('is in the help of the command line, which reads its settings in their types', async () => {
  const { body: engines } = await request(pages.app).get('/api/v1/engines');
  const said = enginesText(engines);
  expect(said).toContain('stumps: Stumps (first use downloads 3 MB)');
  expect(said).toContain('--set how_many=…  More are slower.\n      integer (1 to 99); 7 unless told');
  expect(said).toContain('oak | ash; "oak" unless told');
  expect(said).toContain(
    '  --continue …  Further stumps join the kept ones.\n      oak: They stand where the kept ones do.\n      ash: They are',
  );
  expect(said).toContain('  --continue …  It cannot go on from a kept model.');
  const stumpsEngine = (await describeEngines({ python: 'python3', trainerFolder })).find(
    ({ name }) => name === 'stumps',
  );
  expect(settingsFrom(stumpsEngine, ['how_many=3', 'wood=ash'])).toEqual({ how_many: 3, wood: 'ash' });
});

test('is built into images, and has an environment of its own here', async () => {
  const listed = async (of: string) => {
    const { stdout } = await run('bash', [join(of, 'images/build-engines.sh'), '--list']);
    return stdout.trim().split('\n');
  };
  const before = await listed(ours);
  expect(before).toContain('sklearn');
  expect((await listed(trainerFolder)).toSorted()).toEqual([...before, 'stumps'].toSorted());

  const environments = engineEnvironments({ cacheFolder: folder, trainerFolder, pythonPath: 'python3' });
  expect(environments.python('stumps')).toBeUndefined();
  expect(() => environments.python('stamps')).toThrow('There is no engine “stamps”.');
});
