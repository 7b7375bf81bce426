import { randomUUID } from 'node:crypto';
import type { Labels } from '../../../infra/cloud.ts';
import {
  accountDescription,
  accountIdOf,
  labelMap,
  namesOf,
  readAccountDescription,
  readLabels,
} from '../../../infra/gcp/names.ts';

const labels: Labels = { kind: 'prediction', id: randomUUID(), installationId: randomUUID(), owner: 'ann' };
const machine = { attempt: 12, endsAtMs: 1_790_000_000_001 };

describe('names of what is made on Google Cloud', () => {
  test('fit where they go', () => {
    const names = namesOf(labels, labels.installationId, 'some-project');
    expect(names.accountId).toMatch(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/);
    expect(names.deadTopic).toMatch(/^[A-Za-z][\w.~+%-]{2,254}$/);
    expect(names.bucket).toMatch(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/);
    expect(names.topic).toBe(names.subscription);
  });

  test('tell installations apart where the name is short', () => {
    expect(accountIdOf(labels, 'one')).not.toBe(accountIdOf(labels, 'other'));
  });

  test.each(['Ann Bee <ann@example.org>', 'x'.repeat(200), 'Ünï', ''])(
    'labels are what Google takes, of %j',
    (owner) => {
      for (const [key, value] of Object.entries(labelMap({ ...labels, owner }, machine))) {
        expect(key).toMatch(/^[a-z][a-z0-9_-]{0,62}$/);
        expect(value).toMatch(/^[a-z0-9_-]{0,63}$/);
      }
    },
  );

  test('labels say whose a thing is, to its own installation alone', () => {
    const map = labelMap(labels, machine);
    expect(map['trainyard-end']).toBe('1790000001');
    expect(readLabels(map, labels.installationId)).toEqual({ labels, attempt: 12 });
    expect(readLabels(map, 'another')).toBeUndefined();
    expect(readLabels(undefined, labels.installationId)).toBeUndefined();
    expect(readLabels(labelMap(labels), labels.installationId)).toEqual({ labels, attempt: null });
  });

  test('the description of an account holds them in what Google takes', () => {
    const description = accountDescription({ ...labels, owner: 'x'.repeat(200) });
    expect(Buffer.byteLength(description)).toBeLessThanOrEqual(256);
    expect(readAccountDescription(description, labels.installationId)?.labels.id).toBe(labels.id);
    expect(readAccountDescription('made by hand', labels.installationId)).toBeUndefined();
    expect(readAccountDescription(undefined, labels.installationId)).toBeUndefined();
  });
});
