import type { Ground } from '../ground.ts';
import { asJson, asList, asText } from '../json.ts';
import type { Bucket } from './buckets.ts';

const lookEveryMs = 500;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Removes what a bucket's rules say is too old, once in an hour of simulated time. The bucket itself stays, as Google's does. */
export function keepLifecycles(ground: Ground, fakeUrl: string, onBug: (error: unknown) => void): { close(): void } {
  let lookedAtMs = ground.clock.now();
  const timer = setInterval(() => {
    if (ground.clock.now() - lookedAtMs < hourMs) return;
    lookedAtMs = ground.clock.now();
    removeOld(ground, fakeUrl).catch(onBug);
  }, lookEveryMs);
  return { close: () => clearInterval(timer) };
}

async function removeOld(ground: Ground, fakeUrl: string): Promise<void> {
  for (const bucket of ground.records.kind<Bucket>('bucket').all()) {
    const days = asList(asJson(bucket['lifecycle'])['rule'])
      .filter((rule) => asJson(rule['action'])['type'] === 'Delete')
      .map((rule) => Number(asJson(rule['condition'])['age'] ?? Number.NaN));
    const youngest = Math.min(...days.filter((age) => !Number.isNaN(age)));
    if (!Number.isFinite(youngest)) continue;
    const objects = `${fakeUrl}/storage/v1/b/${bucket.name}/o`;
    const listed = asJson(await (await fetch(objects)).json());
    for (const object of asList(listed['items'])) {
      const ageMs = ground.clock.now() - ground.clock.at(Date.parse(asText(object['timeCreated'])));
      if (ageMs < youngest * dayMs) continue;
      await fetch(`${objects}/${encodeURIComponent(asText(object['name']))}`, { method: 'DELETE' });
    }
  }
}
