import { Seen } from '../../../infra/gcp/pubsub-signals.ts';

describe('what came so far', () => {
  test('knows a message that comes again, but not every one of days', () => {
    const seen = new Seen(0);
    expect(seen.isNewMessage('first')).toBe(true);
    expect(seen.isNewMessage('first')).toBe(false);
    for (let n = 0; n < 10_000; n++) seen.isNewMessage(String(n));
    expect(seen.isNewMessage('9999')).toBe(false);
    expect(seen.isNewMessage('first')).toBe(true);
  });
});
