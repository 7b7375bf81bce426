import { describeSimulated } from '../../../cloud-sim/gcp/describe-simulated.ts';
import { findProviders } from './find-providers.ts';
import { writtenAttributes } from './set-attributes.ts';
import { bucketName, type Json, machine, projectOnce, signals } from './stacks.ts';
import { tellStory, type Told } from './story.ts';

const providers = await findProviders();
const longest = 600_000;
const stories = new Map<string, Promise<Told>>();
const place = { project: 'trainyard-sim', endpoint: '' };

describeSimulated('the stacks, by the real Terraform', () => {
  if (providers.length === 0)
    test.skip('with any provider (there is no Terraform, or no Go to build a provider)', () => {});

  for (const provider of providers) {
    describe(`with ${provider.said}`, () => {
      let told: Record<string, any>;
      beforeAll(async () => {
        const story = tellStory(provider);
        stories.set(provider.kind, story);
        told = await story;
      }, longest);

      test('are made as they are written, and then there is nothing to change', () => {
        const made = { code: 0, errors: [] };
        expect(told['project']).toMatchObject({ ...made, set: writtenAttributes(projectOnce(place)) });
        expect(told['signals']).toMatchObject({ ...made, set: writtenAttributes(signals(place)) });
        expect(told['machine']).toMatchObject({ ...made, set: writtenAttributes(withoutImage(machine(place))) });
        expect([told['signals, planned again'], told['machine, planned again']]).toEqual([0, 0]);
      });

      test('are changed in place, what hangs on them left alone', () => {
        expect(told['signals, changed']).toMatchObject({
          changed: [
            'update google_pubsub_subscription.dead-subscription',
            'update google_pubsub_subscription.subscription',
            'update google_pubsub_topic.dead',
            'update google_pubsub_topic.topic',
            'update google_service_account.account',
          ],
          set: writtenAttributes(signals(place, 'bob')),
        });
        expect(told['machine, changed'].changed).toEqual(['update google_compute_instance.machine']);
        expect(told['machine, changed'].set['google_compute_instance.machine']).toMatchObject({
          labels: { 'trainyard-owner': 'bob' },
          metadata: { 'trainyard-entry': '2' },
        });
        expect(told['project, changed'].changed).toEqual(['update google_project_iam_custom_role.machine']);
        // A state holds what was wanted; only asking again shows what the cloud has.
        const planned = ['project', 'signals', 'machine'].map((stack) => told[`${stack}, planned at last`]);
        expect(planned).toEqual([0, 0, 0]);
      });

      test('fail with Google’s own words, and with nothing of them in the state', () => {
        expect(told['machine, forbidden']).toMatchObject({
          code: 1,
          errors: [
            expect.stringMatching(
              /^Error creating instance: googleapi: Error 403: Required .* permission .*, forbidden$/,
            ),
          ],
        });
        expect(told['machine, no capacity']).toMatchObject({
          code: 1,
          errors: [
            expect.stringMatching(/^Error waiting for instance to create: .* does not have enough resources available/),
          ],
        });
      });

      test('killed in the middle, leave a lock and a machine that the state does not know', () => {
        expect(told['machine, killed']).toEqual({ signal: 'SIGKILL', state: [] });
        expect([told['lock left behind'], told['unlocked']]).toEqual([200, 0]);
        expect(told['machine, there already']).toMatchObject({
          code: 1,
          errors: [expect.stringMatching(/googleapi: Error 409: .* already exists, alreadyExists$/)],
        });
      });

      test('interrupted in the middle, end by themselves and leave no lock', () => {
        expect(told['machine, interrupted']).toMatchObject({ code: 1, state: [] });
        expect(told['machine, interrupted'].errors[0]).toContain('context has been cancelled');
        expect(told['lock after an interrupt']).toBe(404);
      });

      test('see that a machine is lost, and leave nothing when they are destroyed', () => {
        expect(told['machine, lost']).toBe(2);
        expect(told['left']).toEqual([`bucket ${bucketName}`]);
      });
    });
  }

  const both = providers.length > 1 ? test : test.skip;
  both(
    `tell the same story with both providers${providers.length > 1 ? '' : ' (the real one is not in reach)'}`,
    async () => {
      expect(plain(await stories.get('ours'))).toEqual(plain(await stories.get('real')));
    },
  );
});

/** What the framework cannot do: keep something else than was written. The real one puts the image for its family. */
function plain(told: Told | undefined): unknown {
  return JSON.parse(JSON.stringify(told), (key, value: unknown) => (key === 'image' ? 'an image' : value));
}

function withoutImage(stack: Json): Json {
  const copy = structuredClone(stack);
  delete copy['resource'].google_compute_instance.machine.boot_disk.initialize_params.image;
  return copy;
}
