import { join } from 'node:path';
import { byPlainNames, readEngineSettings } from '../../infra/engine-settings.ts';
import { describeEngines } from '../../infra/engines.ts';
import type { Engine } from '../../domain/engine.ts';

const options = { python: 'python3', trainerFolder: join(import.meta.dirname, '../../trainer-image') };
let sklearn: Engine;

beforeAll(async () => {
  const all = await describeEngines(options);
  sklearn = all.find(({ name }) => name === 'sklearn')!;
});

const ways = [
  ['the engine itself', (text: string) => readEngineSettings(options, sklearn, text)],
  ['plain names', async (text: string) => byPlainNames(sklearn, text)],
] as const;

describe.each(ways)('a file of settings, read by %s', (_who, read) => {
  test('gives what has a place, and tells of the rest', async () => {
    const { settings, told } = await read('{"trees": 50, "algorithm": "forest", "flux": 3}');
    expect(settings).toEqual({ trees: 50, algorithm: 'forest' });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^“flux” is no setting .*was left out\.$/);
  });

  test.each(['no JSON at all', '{"trees": 5', '[1, 2]', '3', 'null'])('refuses %s in a sentence', async (text) => {
    const sentence = /^The file .*(cannot be read as JSON|is not of the form).* Mend the file\.$/;
    await expect(read(text)).rejects.toMatchObject({ type: 'BadSettings', message: expect.stringMatching(sentence) });
  });
});

test('by plain names a value of several parts is no setting', () => {
  expect(byPlainNames(sklearn, '{"trees": {"from": 1}}')).toEqual({
    settings: {},
    told: ['“trees” is no single value and was left out.'],
  });
});
