import { TrainyardError } from '../../domain/failures.ts';
import { type Ground, openGround } from './ground.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const refused = (type: 'BillingDisabled' | 'MachineLost') => async () => {
  throw new TrainyardError(type, 'No account pays for the project p.', 'Link one: gcloud billing projects link p.');
};

test.each(['createBucket', 'createSignals'] as const)(
  '%s: what a cloud refuses stands on the page, once',
  async (call) => {
    const holder = await ground.jobIn('preparing');
    const { [call]: real } = ground.cloud;
    ground.cloud[call] = refused('BillingDisabled');
    await expect(ground.activities[call](holder)).rejects.toThrow('No account pays');
    await expect(ground.activities[call](holder)).rejects.toThrow('No account pays');
    ground.cloud[call] = real;
    const text = 'No account pays for the project p. Link one: gcloud billing projects link p. It is tried again.';
    expect((await ground.dependencies.stores.jobs.find(holder.id))?.sentence).toBe(text);
    const notes = await ground.dependencies.stores.timeline.list(holder);
    expect(notes.filter((note) => note.text === text)).toHaveLength(1);
  },
);

test('says nothing of what nobody can mend', async () => {
  const holder = await ground.jobIn('preparing');
  const { createBucket } = ground.cloud;
  ground.cloud.createBucket = refused('MachineLost');
  await expect(ground.activities.createBucket(holder)).rejects.toThrow('No account pays');
  ground.cloud.createBucket = createBucket;
  expect((await ground.dependencies.stores.jobs.find(holder.id))?.sentence).not.toContain('tried again');
});
