import { bucketNameOf, type Holder } from '../../domain/ids.ts';
import type { Labels } from '../../infra/cloud.ts';
import { SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { type Ground, openGround } from './ground.ts';

/** A cloud that can be slow to make a thing, and blind to what it is still making. */
class SlowCloud extends SimulatedCloud {
  meanwhile: (() => Promise<unknown>) | undefined;
  removalProblem: string | undefined;
  #blind = false;

  constructor() {
    super({ script: () => async (actor) => actor.gone });
  }

  async #slowly(): Promise<void> {
    const { meanwhile } = this;
    this.meanwhile = undefined;
    this.#blind = true;
    await meanwhile?.();
    this.#blind = false;
  }

  async #remove(remove: () => Promise<void>): Promise<void> {
    if (this.removalProblem) throw new Error(this.removalProblem);
    if (!this.#blind) await remove();
  }

  override async createBucket(labels: Labels) {
    await this.#slowly();
    await super.createBucket(labels);
  }
  override async createSignals(labels: Labels) {
    await this.#slowly();
    await super.createSignals(labels);
  }
  override removeBucket(holder: Holder) {
    return this.#remove(() => super.removeBucket(holder));
  }
  override removeSignals(holder: Holder) {
    return this.#remove(() => super.removeSignals(holder));
  }
}

let ground: Ground<SlowCloud>;
beforeAll(async () => {
  ground = await openGround({ cloud: new SlowCloud() });
});
beforeEach(() => void (ground.cloud.audit.length = 0));
afterAll(() => ground.close());

const rowOf = (holder: Holder, kind: 'bucket' | 'signals') =>
  ground.dependencies.stores.resources.get({ holder, kind, attempt: 0 });

describe.each([
  { kind: 'bucket', create: 'createBucket', remove: 'removeBucket' },
  { kind: 'signals', create: 'createSignals', remove: 'removeSignals' },
] as const)('$kind', ({ kind, create, remove }) => {
  test('made twice is made once, under a row of the ledger that was there before', async () => {
    const { holder } = await ground.accept();
    const seen: unknown[] = [];
    ground.cloud.meanwhile = async () => seen.push((await rowOf(holder, kind))?.state);
    await ground.activities[create](holder);
    await ground.activities[create](holder);
    expect(seen).toEqual(['intended']);
    expect(ground.cloud.audit).toEqual([`+ ${kind} ${bucketNameOf(holder)}`]);
    expect(await rowOf(holder, kind)).toMatchObject({ state: 'created', name: bucketNameOf(holder), cloud: 'local' });
  });

  test('removed twice is removed once, and confirmed in the ledger', async () => {
    const { holder } = await ground.accept();
    await ground.activities[create](holder);
    await ground.activities[remove](holder);
    const row = await rowOf(holder, kind);
    expect(row?.state).toBe('gone');
    await ground.activities[remove](holder);
    expect(await rowOf(holder, kind)).toMatchObject({ gone_confirmed_at_ms: row?.gone_confirmed_at_ms });
    expect(ground.cloud.audit.filter((entry) => entry.startsWith('-'))).toHaveLength(1);
  });

  test('a create that comes after its removal is refused, also of what never was', async () => {
    const { holder } = await ground.accept();
    await ground.activities[remove](holder);
    expect(await rowOf(holder, kind)).toMatchObject({ state: 'gone' });
    // By the ledger, whatever the cloud would say: not every cloud remembers what was removed.
    const message = `The ${kind} is already being taken down.`;
    await expect(ground.activities[create](holder)).rejects.toMatchObject({ type: 'CreateRevoked', message });
    expect(ground.cloud.audit).toEqual([]);
  });

  test('what appears after it was confirmed gone is taken away again', async () => {
    const { holder } = await ground.accept();
    ground.cloud.meanwhile = () => ground.activities[remove](holder);
    await expect(ground.activities[create](holder)).rejects.toMatchObject({ type: 'CreateRevoked' });
    const name = bucketNameOf(holder);
    expect(ground.cloud.audit).toEqual([`+ ${kind} ${name}`, `- ${kind} ${name}`]);
    expect(await rowOf(holder, kind)).toMatchObject({ state: 'gone' });
  });

  test('a removal that fails is shown with its reason until it succeeds', async () => {
    const { holder } = await ground.accept();
    await ground.activities[create](holder);
    ground.cloud.removalProblem = 'The cloud does not answer.';
    await expect(ground.activities[remove](holder)).rejects.toThrow('The cloud does not answer.');
    expect(await rowOf(holder, kind)).toMatchObject({ state: 'created', last_problem: 'The cloud does not answer.' });
    ground.cloud.removalProblem = undefined;
    await ground.activities[remove](holder);
    expect(await rowOf(holder, kind)).toMatchObject({ state: 'gone', last_problem: null });
  });
});
