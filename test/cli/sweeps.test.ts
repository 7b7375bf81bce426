import { type ListeningYard, openListeningYard } from './listening-yard.ts';
import { startTrainyard } from './run-trainyard.ts';

let opened: ListeningYard;
let yard: ListeningYard['yard'];
let address: string;
let csv: string;

beforeAll(async () => {
  opened = await openListeningYard();
  ({ yard, address, csv } = opened);
});
afterAll(() => opened.close());

const trainyard = (...args: string[]) => startTrainyard(address, args).done;
const sweepStart = (...args: string[]) => trainyard('sweep', 'start', csv, '-l', 'churned', ...args);

it('starts a grid with several seeds under one budget, says what it may cost, lists and shows it', async () => {
  const grid = ['--grid', 'trees=50,100', '--grid', 'effort=quick,balanced', '--seeds', '2', '--parallel', '3'];
  const { code, out, err } = await sweepStart(...grid, '--budget', '5', '--total-time', '2h', '-n', 'from the shell');
  expect([code, err]).toEqual([0, expect.stringContaining('At most $')]);
  expect(out).toContain('8 trials');
  const [id = ''] = /[0-9a-f-]{36}/.exec(out) ?? [];
  const sweep = await yard.services.sweeps.get({ workspaceId: 'default', owner: 'ada' }, id);
  expect(sweep.spec).toMatchObject({
    ...{ seeds: 2, parallel: 3, limits: { budgetMicros: 5_000_000, totalSeconds: 7200 } },
    base: { limits: { budgetMicros: null } },
    search: { kind: 'grid', values: { trees: [50, 100], effort: ['quick', 'balanced'] } },
  });
  expect((await trainyard('sweep', 'list')).out).toMatch(/from the shell +sklearn +queued +0 of 8/);
  const shown = await trainyard('sweep', 'show', id.slice(0, 8));
  expect(shown.out).toMatch(/TRIAL +TREES +EFFORT +SEED +STATE/);
  expect(shown.out).toMatch(/ 8 +100 +balanced +1 +to come/);
  expect(JSON.parse((await trainyard('sweep', 'show', id, '--json')).out)).toMatchObject({
    id,
    varied: ['trees', 'effort'],
  });
  expect((await trainyard('sweep', 'stop', id)).out).toContain('No more trials are begun');
  expect((await trainyard('sweep', 'cancel', 'from the shell')).out).toContain('Cancelling');
});

it('draws at random from ranges and lists', async () => {
  const drawn = ['--random', 'trees=10..2000:log', '--random', 'effort=quick,balanced', '--count', '4'];
  const { code, out } = await sweepStart(...drawn, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ trials: { planned: 4 } });
});

it('repeats a job with several seeds', async () => {
  const trained = await trainyard('train', csv, '-l', 'churned', '--json');
  const { id } = JSON.parse(trained.out);
  const { code, out } = await trainyard('sweep', 'repeat', id, '--seeds', '3', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ name: 'customers, 3 seeds', trials: { planned: 3 } });
});

it.each([
  [[], 2, 'Say what to try'],
  [['--grid', 'trees=1..5'], 2, 'A range can only be tried at random'],
  [['--grid', 'trees'], 2, 'is not of the form name=values'],
  [['--grid', 'trees=50', '--random', 'trees=1..5'], 2, 'Either --grid or --random'],
  [['--grid', 'trees=50,100', '--seeds', 'two'], 2, '--seeds takes a whole number'],
  [['--grid', 'bushes=1,2'], 3, 'scikit-learn has no setting “bushes”'],
])('sweep start %j ends with %i and says why', async (args, code, sentence) => {
  const ran = await sweepStart(...args);
  expect([ran.code, ran.err]).toEqual([code, expect.stringContaining(sentence)]);
});

it('divides and weighs the rows of every trial as a single training does', async () => {
  const { code, out } = await sweepStart('--grid', 'trees=50,100', '--group', 'plan', '--weight', 'age');
  expect(code).toBe(0);
  const [id = ''] = /[0-9a-f-]{36}/.exec(out) ?? [];
  const { spec } = await yard.services.sweeps.get({ workspaceId: 'default', owner: 'ada' }, id);
  expect(spec.base).toMatchObject({ split: { groupColumn: 'plan' }, weightColumn: 'age' });
});
