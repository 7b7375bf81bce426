import { checkSettings, type Engine, engineSchema } from '../../domain/engine.ts';

const engine: Engine = engineSchema.parse({
  name: 'sklearn',
  title: 'scikit-learn',
  summary: 'small',
  tasks: ['binary', 'regression'],
  continues: false,
  environment: { downloadMegabytes: 50, installSeconds: 10, preparedAtStart: true },
  settings: [
    {
      name: 'preset',
      title: 'Preset',
      help: '',
      type: 'choice',
      default: 'fast',
      choices: [
        { value: 'fast', title: 'Fast' },
        { value: 'good', title: 'Good' },
      ],
    },
    {
      name: 'algorithms',
      title: 'Algorithms',
      help: '',
      type: 'choices',
      default: ['forest'],
      choices: [
        { value: 'forest', title: 'Forest' },
        { value: 'linear', title: 'Linear' },
      ],
    },
    { name: 'share', title: 'Share', help: '', type: 'number', default: 0.5, min: 0.1, max: 1 },
    { name: 'depth', title: 'Depth', help: '', type: 'integer', default: null, min: 1 },
    { name: 'balanced', title: 'Balanced', help: '', type: 'boolean', default: false },
    { name: 'ranges', title: 'Ranges', help: '', type: 'text', default: '' },
  ],
});
const defaults = { preset: 'fast', algorithms: ['forest'], share: 0.5, depth: null, balanced: false, ranges: '' };

test('what was not said is filled in as the engine declares it', () => {
  expect(checkSettings(engine, {})).toEqual({ settings: defaults, problems: [] });
  expect(checkSettings(engine, { share: 1, balanced: true })).toEqual({
    settings: { ...defaults, share: 1, balanced: true },
    problems: [],
  });
});

test('a setting that can be left open may be', () => {
  expect(checkSettings(engine, { depth: null }).problems).toEqual([]);
  expect(checkSettings(engine, { depth: 3 }).settings['depth']).toBe(3);
});

test.each([
  ['preset', 'slow', 'Preset is one of fast, good.'],
  ['algorithms', ['forest', 'oracle'], '“Algorithms” takes one or more of: forest, linear.'],
  ['algorithms', 'forest', '“Algorithms” takes one or more of: forest, linear.'],
  ['share', 'half', 'Share is a number.'],
  ['share', 0, 'Share is at least 0.1.'],
  ['share', 1.5, 'Share is at most 1.'],
  ['depth', 2.5, 'Depth is a whole number.'],
  ['depth', 0, 'Depth is at least 1.'],
  ['balanced', 'yes', 'Balanced is yes or no.'],
  ['ranges', 3, 'Ranges is a text of at most 10000 characters.'],
  ['ranges', 'x'.repeat(10_001), 'Ranges is a text of at most 10000 characters.'],
] as const)('%s = %j is refused in words that say what is possible', (setting, value, message) => {
  const given = { [setting]: value } as unknown as Parameters<typeof checkSettings>[1];
  expect(checkSettings(engine, given).problems).toEqual([{ setting, message }]);
});

test('a number that is none is refused', () => {
  expect(checkSettings(engine, { share: Number.NaN }).problems).toHaveLength(1);
  expect(checkSettings(engine, { share: Number.POSITIVE_INFINITY }).problems).toHaveLength(1);
});

test('a setting that the engine does not have is named, with those it has, and not passed on', () => {
  const { settings, problems } = checkSettings(engine, { sharpness: 3 });
  expect(problems).toEqual([
    {
      setting: 'sharpness',
      message: 'scikit-learn has no setting “sharpness”. It has: preset, algorithms, share, depth, balanced, ranges.',
    },
  ]);
  expect(settings).toEqual(defaults);
});
