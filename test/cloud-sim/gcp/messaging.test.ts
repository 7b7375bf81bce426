import { describeSimulated } from './describe-simulated.ts';
import { asJson, asList, asText } from './json.ts';
import { openSimulationForTest, type SimulationForTest } from './open-simulation-for-test.ts';

describeSimulated('simulated Pub/Sub', () => {
  let open: SimulationForTest;
  const base = '/v1/projects/trainyard-sim';
  const publish = (topic: string, ...texts: string[]) =>
    open.ask('POST', `${base}/topics/${topic}:publish`, {
      messages: texts.map((text) => ({
        data: Buffer.from(text).toString('base64'),
        orderingKey: 'attempt-1',
        attributes: { first: text },
      })),
    });
  const pull = async (subscription: string) => {
    const { body } = await open.ask('POST', `${base}/subscriptions/${subscription}:pull`, { maxMessages: 10 });
    return asList(body['receivedMessages']).map((one) => ({
      ackId: asText(one['ackId']),
      id: asText(asJson(one['message'])['messageId']),
      text: Buffer.from(asText(asJson(one['message'])['data']), 'base64').toString(),
    }));
  };
  const ack = (subscription: string, ...ackIds: string[]) =>
    open.ask('POST', `${base}/subscriptions/${subscription}:acknowledge`, { ackIds });
  const make = async (name: string, more: object = {}) => {
    await open.ask('PUT', `${base}/topics/${name}`, { labels: { a: 'b' } });
    return open.ask('PUT', `${base}/subscriptions/${name}`, {
      topic: `projects/trainyard-sim/topics/${name}`,
      ...more,
    });
  };

  beforeAll(async () => {
    open = await openSimulationForTest();
  });
  afterAll(() => open.close());

  test('keeps what a topic and a subscription are, and changes them', async () => {
    const made = await make('one', { enableMessageOrdering: true, ackDeadlineSeconds: 60, labels: { a: 'b' } });
    expect(made.body).toMatchObject({ enableMessageOrdering: true, ackDeadlineSeconds: 60, state: 'ACTIVE' });
    expect((await make('one')).body).toMatchObject({ error: { code: 409, status: 'ALREADY_EXISTS' } });
    await open.ask('PATCH', `${base}/topics/one?updateMask=labels`, { topic: { labels: { c: 'd' } } });
    expect((await open.ask('GET', `${base}/topics/one`)).body).toEqual({
      name: 'projects/trainyard-sim/topics/one',
      labels: { c: 'd' },
    });
    expect((await open.ask('GET', `${base}/topics/none`)).body).toMatchObject({
      error: { code: 404, message: 'Resource not found (resource=none).', status: 'NOT_FOUND' },
    });
    expect((await open.ask('GET', `${base}/subscriptions`)).body).toMatchObject({
      subscriptions: [{ name: 'projects/trainyard-sim/subscriptions/one' }],
    });
  });

  test('gives messages of a key in their order, and again until they are acknowledged, also after a kill', async () => {
    const made = await make('two', { enableMessageOrdering: true, pushConfig: {} });
    await publish('two', 'a', 'b', 'c');
    const [a] = await pull('two');
    expect(a?.text).toBe('a');
    await ack('two', a?.ackId ?? '');
    const [b] = await pull('two');
    expect(b?.text).toBe('b');

    await open.sim.restart();
    expect((await open.ask('GET', `${base}/subscriptions/two`)).body).toEqual(made.body);
    const [again] = await pull('two');
    expect(again).toMatchObject({ text: 'b', id: b?.id });
    // What was handed out before the kill still counts.
    await ack('two', b?.ackId ?? '');
    expect((await pull('two')).map(({ text }) => text)).toEqual(['c']);
    await open.sim.restart();
    expect((await pull('two')).map(({ text }) => text)).toEqual(['c']);
  });

  test('an acknowledgement is of one subscription, also after a kill', async () => {
    await make('three');
    await open.ask('PUT', `${base}/subscriptions/three-too`, { topic: 'projects/trainyard-sim/topics/three' });
    await publish('three', 'x');
    await ack('three', (await pull('three'))[0]?.ackId ?? '');
    await open.sim.restart();
    expect(await pull('three')).toEqual([]);
    expect((await pull('three-too')).map(({ text }) => text)).toEqual(['x']);
  });

  test('moves what nobody takes to the dead-letter topic, where it stays after a kill', async () => {
    await make('four-dead');
    await make('four', {
      deadLetterPolicy: { deadLetterTopic: 'projects/trainyard-sim/topics/four-dead', maxDeliveryAttempts: 5 },
    });
    await publish('four', 'poison');
    for (let tries = 0; tries < 5; tries++) {
      const [got] = await pull('four');
      expect(got?.text).toBe('poison');
      await open.ask('POST', `${base}/subscriptions/four:modifyAckDeadline`, {
        ackIds: [got?.ackId],
        ackDeadlineSeconds: 0,
      });
    }
    expect(await pull('four')).toEqual([]);
    expect((await pull('four-dead')).map(({ text }) => text)).toEqual(['poison']);
    await open.sim.restart();
    expect(await pull('four')).toEqual([]);
    expect((await pull('four-dead')).map(({ text }) => text)).toEqual(['poison']);
  });

  test('tells who made and removed what', async () => {
    await make('five');
    await open.ask('DELETE', `${base}/subscriptions/five`);
    await open.ask('DELETE', `${base}/topics/five`);
    const told = (await open.sim.audit()).filter(({ name }) => name.endsWith('/five'));
    expect(told.map(({ act, kind }) => `${act} ${kind}`)).toEqual([
      'created topic',
      'created subscription',
      'deleted subscription',
      'deleted topic',
    ]);
    expect(told[0]?.who).toBe('trainyard@trainyard-sim.iam.gserviceaccount.com');
    expect((await open.sim.leftOvers()).some(({ name }) => name.endsWith('/five'))).toBe(false);
  });
});
