import { catalogue, latestPrices, partsOf } from '../../../infra/gcp/catalogue.ts';

const prices = latestPrices();
const everywhere = Object.entries(prices.regions).flatMap(([region, { zones }]) =>
  zones.map((zone) => `${region}-${zone}`),
);
const options = { zones: everywhere, machineTypes: [], publicAddress: false };
const named = (name: string, more: Partial<typeof options> = {}) =>
  catalogue(prices, { ...options, ...more }).find((type) => type.name === name);

describe('the catalogue', () => {
  test('has every type of the price list somewhere, the cheapest first, each with its date', () => {
    const types = catalogue(prices, options);
    expect(types.map(({ name }) => name).toSorted()).toEqual(prices.types.map(({ name }) => name).toSorted());
    expect(new Set(types.map(({ name }) => name)).size).toBe(types.length);
    const costs = types.map((type) => type.pricePerHourMicros);
    expect(costs).toEqual(costs.toSorted((a, b) => a - b));
    for (const type of types) {
      expect(type.priceListDate).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(type.spotPricePerHourMicros).toBeLessThan(type.pricePerHourMicros);
      expect(Number.isInteger(type.pricePerHourMicros)).toBe(true);
      expect(type.name.length).toBeLessThanOrEqual(64);
    }
  });

  test('has no GPU with a family that cannot have it, nor where there is none', () => {
    for (const type of prices.types.filter(({ gpu }) => gpu)) {
      const gpu = prices.gpus[type.gpu?.type ?? ''];
      expect(gpu?.families).toContain(type.family);
      expect((type.googleName ?? type.name).startsWith(`${type.family}-`)).toBe(true);
      expect(prices.zones[type.zones ?? '']?.length).toBeGreaterThan(0);
    }
    for (const zone of Object.values(prices.zones).flat()) expect(everywhere).toContain(zone);
    const wrong = { ...prices, types: [{ ...prices.types[0], gpu: { type: 't4', count: 1 } }] } as typeof prices;
    expect(() => catalogue(wrong, options)).toThrow('cannot have a GPU');
  });

  test('gives a GPU of its own family as a part of it, and puts one into others', () => {
    expect(named('g2-standard-8')).toMatchObject({ accelerator: null, gpus: ['NVIDIA L4, 24 GiB'] });
    expect(named('n1-standard-8-t4')).toMatchObject({
      googleName: 'n1-standard-8',
      accelerator: { type: 'nvidia-tesla-t4', count: 1 },
    });
  });

  test('offers what the zones of the settings have, in their order', () => {
    const zones = ['europe-west3-c', 'europe-west4-b', 'us-central1-a'];
    expect(named('a2-highgpu-1g', { zones })?.zones).toEqual(['europe-west4-b', 'us-central1-a']);
    expect(named('a2-highgpu-1g', { zones: ['europe-west3-c'] })).toBeUndefined();
    expect(() => catalogue(prices, { ...options, zones: ['mars-north1-a'] })).toThrow('mars-north1-a');
  });

  test.each([
    // Of Google's billing catalog, as the list itself says: on demand and spot, the machine alone.
    ['us-central1-a', 'e2-standard-8', 0.26805, 0.11758],
    ['us-central1-a', 'n2-highmem-16', 1.04811, 0.34259],
    ['us-central1-a', 'a2-highgpu-1g', 2.93391 + 0.73948, 1.4341 + 0.36975],
    ['us-central1-a', 'g2-standard-8', 0.56004 + 0.29358, 0.2231 + 0.11747],
    ['us-east4-a', 'e2-standard-8', 0.30188, 0.14533],
    ['europe-west1-b', 'n1-standard-4', 0.20901, 0.06251],
    ['europe-west3-b', 'n2-highmem-16', 1.3503, 0.49261],
    ['europe-west3-a', 'g2-standard-4', 2.64339 / 4 + 0.173, 1.2804 / 4 + 0.08393],
    ['europe-west4-a', 'n1-standard-4', 0.20917, 0.08367],
    ['europe-west4-a', 'n1-standard-4-t4', 0.20917 + 0.3675, 0.08367 + 0.175],
    ['asia-east1-a', 'e2-standard-8', 0.31037, 0.14267],
    ['asia-southeast1-a', 'n2-highmem-16', 1.29291, 0.4617],
  ])('is nowhere below what Google asks: in %s for %s', (zone, name, onDemand, spot) => {
    const type = named(name, { zones: [zone] });
    const diskMicros = type?.disk?.pricePerHourMicros ?? 0;
    expect(type?.pricePerHourMicros).toBeGreaterThanOrEqual(Math.round(onDemand * 1e6) + diskMicros);
    expect(type?.spotPricePerHourMicros).toBeGreaterThanOrEqual(Math.round(spot * 1e6) + diskMicros);
  });

  test('offers only what is allowed', () => {
    const machineTypes = ['e2-standard-4'];
    expect(catalogue(prices, { ...options, machineTypes }).map(({ name }) => name)).toEqual(machineTypes);
    expect(() => catalogue(prices, { ...options, machineTypes: ['e2-enormous'] })).toThrow('e2-enormous');
  });

  test('says the price of the dearest place that it may end up in, disk and address included', () => {
    const cheap = named('e2-standard-4', { zones: ['us-central1-a'] });
    const dear = named('e2-standard-4', { zones: ['us-central1-a', 'europe-west3-a'] });
    expect(dear?.pricePerHourMicros).toBeGreaterThan(cheap?.pricePerHourMicros ?? 0);
    const plain = prices.types.find(({ name }) => name === 'e2-standard-4')?.pricePerHour ?? 0;
    expect(cheap?.pricePerHourMicros).toBe(Math.round(plain * 1e6) + (cheap?.disk?.pricePerHourMicros ?? 0));
    const withAddress = named('e2-standard-4', { zones: ['us-central1-a'], publicAddress: true });
    expect(withAddress?.pricePerHourMicros).toBe((cheap?.pricePerHourMicros ?? 0) + 5000);
  });

  test('knows regions by their zones', () => {
    expect(partsOf('europe-west4-a')).toEqual({ region: 'europe-west4', letter: 'a' });
  });
});
