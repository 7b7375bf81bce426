import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { createDataConverter, payloadLimitBytes } from '../../temporal/data-converter.ts';

const [codec] = createDataConverter().payloadCodecs ?? [];
const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString();
const encode = (value: unknown) => codec?.encode([defaultPayloadConverter.toPayload<unknown>(value)]);

test('what is written names its key, and is read again as it was', async () => {
  const value = { labels: ['Größe 🌷'], seconds: 600, nothing: null };
  const [payload] = (await encode(value)) ?? [];
  expect(text(payload?.metadata?.['trainyard-key'])).toBe('none');
  expect(text(payload?.metadata?.['encoding'])).toBe('json/plain');
  const [decoded] = (await codec?.decode([payload as Payload])) ?? [];
  expect(defaultPayloadConverter.fromPayload(decoded as Payload)).toEqual(value);
});

test('what was written before keys had names is read too', async () => {
  const plain = defaultPayloadConverter.toPayload<unknown>([1, 2]);
  const [decoded] = (await codec?.decode([plain])) ?? [];
  expect(defaultPayloadConverter.fromPayload(decoded as Payload)).toEqual([1, 2]);
});

test('a decision fits, data does not: what is over the limit is refused before it reaches history', async () => {
  // Two quotes around a text.
  await expect(encode('x'.repeat(payloadLimitBytes - 2))).resolves.toHaveLength(1);
  await expect(encode('x'.repeat(payloadLimitBytes - 1))).rejects.toThrow(
    `A payload of ${payloadLimitBytes + 1} bytes is over the limit of ${payloadLimitBytes}: keep data out of history.`,
  );
});

test('bytes are counted, not characters', async () => {
  await expect(encode('ü'.repeat(payloadLimitBytes / 2))).rejects.toThrow(RangeError);
});
