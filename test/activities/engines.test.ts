import { TrainyardError } from '../../domain/failures.ts';
import type { Cloud } from '../../infra/cloud.ts';
import { until } from '../infra/waiting.ts';
import { type Ground, openGround } from './ground.ts';

let ground: Ground;
const asked: string[] = [];
let prepare: (say: (sentence: string) => void) => Promise<void> = async () => {};
const unhandled: unknown[] = [];
const noteUnhandled = (reason: unknown) => unhandled.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', noteUnhandled);
  ground = await openGround({
    prepareEnvironment: async (engine, say) => {
      asked.push(engine);
      await prepare(say);
    },
  });
});
afterAll(async () => {
  process.off('unhandledRejection', noteUnhandled);
  await ground.close();
});

const sentenceOf = async (id: string) => (await ground.dependencies.stores.jobs.find(id))?.sentence;

test('tells the page how far the preparation is, and is done when it is', async () => {
  const holder = await ground.jobIn('preparing');
  prepare = async (say) => {
    say('Downloading: 10 of 50 MB.');
    await until('it is on the page', async () => (await sentenceOf(holder.id)) === 'Downloading: 10 of 50 MB.');
    say('Downloading: 20 of 50 MB.');
  };
  await ground.activities.prepareEngine({ ...holder, engine: 'sklearn' });
  prepare = async () => {};
  await ground.activities.prepareEngine({ ...holder, engine: 'sklearn' });
  expect(asked).toEqual(['sklearn', 'sklearn']);
  const rows = await ground.dependencies.stores.timeline.list(holder);
  expect(rows.map(({ text }) => text).filter((text) => text.includes('environment'))).toEqual([
    'Preparing the environment of its engine. The first time this takes minutes.',
    'The environment of its engine is ready.',
  ]);
});

test('goes on when the page cannot be told, and the process with it', async () => {
  const holder = await ground.jobIn('preparing');
  const { jobs } = ground.dependencies.stores;
  const { say } = jobs;
  let tries = 0;
  jobs.say = async () => {
    tries += 1;
    throw new TrainyardError('DatabaseUnavailable', 'The database does not answer.');
  };
  prepare = async (tell) => {
    tell('Unpacking.');
    await until('it was tried', () => tries > 0);
    await until(
      'the failure has been noticed by whoever looks for it',
      () => new Promise((r) => setImmediate(r, true)),
    );
  };
  try {
    await ground.activities.prepareEngine({ ...holder, engine: 'sklearn' });
  } finally {
    jobs.say = say;
  }
  expect(unhandled).toEqual([]);
});

test('is not done before its last word is on the page, where it would overwrite what comes next', async () => {
  const holder = await ground.jobIn('preparing');
  const { jobs } = ground.dependencies.stores;
  const { say } = jobs;
  let isSaying = false;
  let goOn = () => {};
  const mayGoOn = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  jobs.say = async (...given) => {
    isSaying = true;
    await mayGoOn;
    return say(...given);
  };
  prepare = async (tell) => {
    tell('Almost there.');
    await until('it is being told', () => isSaying);
  };
  let done = false;
  const preparing = ground.activities.prepareEngine({ ...holder, engine: 'sklearn' }).then(() => {
    done = true;
  });
  await until('it is being told', () => isSaying);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(done).toBe(false);
  goOn();
  await preparing;
  jobs.say = say;
  expect(await sentenceOf(holder.id)).toBe('Almost there.');
});

test('a preparation that fails fails the step, for its reason', async () => {
  const holder = await ground.jobIn('preparing');
  prepare = async () => {
    throw new TrainyardError('EngineUnavailable', 'The index does not answer.');
  };
  const request = { ...holder, engine: 'autogluon' };
  await expect(ground.activities.prepareEngine(request)).rejects.toMatchObject({ type: 'EngineUnavailable' });
});

test('leaves to a machine elsewhere what comes with its image', async () => {
  const elsewhere: Cloud = Object.assign(Object.create(ground.cloud), { isRemote: true });
  (ground.dependencies.clouds as Map<string, Cloud>).set('gcp', elsewhere);
  const { holder } = await ground.accept({ machine: { cloud: 'gcp', type: 'e2-standard-4', spot: false } });
  asked.length = 0;
  await ground.activities.prepareEngine({ ...holder, engine: 'sklearn' });
  expect(asked).toEqual([]);
});
