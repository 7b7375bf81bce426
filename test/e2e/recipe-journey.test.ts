import type { Page } from 'playwright-core';
import type { Visit } from '../browser/open-browser.ts';
import { download, faultsOf, idOf, type Journey, openJourney, press, untilDone } from './journey.ts';
import { addStep, changed, sentences, untilChecked } from './recipe-pages.ts';

let journey: Journey;
let person: Visit;
let page: Page;
let recipe: string;

const rowsIn = 400;
const plans = [' Basic', 'PREMIUM', 'basic ', 'Premium', 'family'];

/** As people have them: one plan in many spellings, ages that are missing, dates that are none, fees beyond reason. */
function raw(rows: number, { withLabel = true } = {}): string {
  const head = `customer,age,plan,signup,fee${withLabel ? ',leaves' : ''}`;
  const lines = Array.from({ length: rows }, (_, n) => {
    const fee = n % 50 === 7 ? 9999 : 10 + ((n * 37) % 90);
    const cells = [
      `C${n}`,
      n % 9 === 4 ? '' : 18 + ((n * 13) % 60),
      plans[n % plans.length],
      n % 80 === 3 ? 'soon' : `202${n % 6}-${String(1 + (n % 12)).padStart(2, '0')}-1${n % 9}`,
      fee,
      ...(withLabel ? [(n * 37) % 90 > 45 ? 'yes' : 'no'] : []),
    ];
    return cells.join(',');
  });
  return `${head}\n${lines.join('\n')}\n`;
}

const tooDear = (rows: number) => Array.from({ length: rows }, (_, n) => n).filter((n) => n % 50 === 7).length;

beforeAll(async () => {
  journey = await openJourney();
  person = await journey.open();
  page = person.page;
}, 120_000);
afterAll(async () => {
  await journey?.close();
}, 60_000);

test('data is uploaded in parts, and a recipe is begun on it', async () => {
  await page.goto('/data');
  await page.getByLabel('File', { exact: true }).setInputFiles(journey.file('raw.csv', raw(rowsIn)));
  await press(page, 'Upload');
  await page.waitForURL(/\/data\/[0-9a-f-]{36}$/);
  expect(await faultsOf(page, '30-dataset')).toEqual([]);
  await page.getByRole('link', { name: 'A closer look' }).click();
  await page.getByRole('heading', { name: 'Against the label' }).waitFor();
  expect(await faultsOf(page, '31-closer-look')).toEqual([]);
  await page.goBack();
  await page.getByRole('link', { name: 'Make a recipe' }).click();
  await page.getByLabel('Name (if you like)').fill('leaves, clean');
  expect(await faultsOf(page, '32-new-recipe')).toEqual([]);
  await press(page, 'Make it');
  await page.getByRole('heading', { name: 'The data as it came' }).waitFor();
  recipe = idOf(page);
}, 60_000);

test('six steps are added by key, and the preview shows what each changes', async () => {
  await addStep(page, 'trim');
  await changed(page, () => page.getByLabel('plan', { exact: true }).check());
  await changed(page, () => page.getByLabel('Letters').selectOption('lower'));
  const cell = page.locator('td.changed').first();
  expect(await cell.textContent()).toMatch(/Basic.*became.*basic/);
  await untilChecked(page);
  expect(await page.locator('#steps li[aria-current]').textContent()).toContain('320 cells changed');
  expect(await faultsOf(page, '33-first-step')).toEqual([]);

  await addStep(page, 'fill missing');
  await changed(page, () => page.getByLabel('age', { exact: true }).check());
  await changed(page, () => page.getByLabel('With', { exact: true }).selectOption('median'));

  await addStep(page, 'parts of a date');
  await changed(page, () => page.getByLabel('Column', { exact: true }).selectOption('signup'));
  await changed(page, () => page.getByLabel('Drop the date itself').check());
  expect(await page.locator('th.new').count()).toBe(3);
  expect(await page.locator('th.lost').allTextContents()).toEqual([expect.stringContaining('signup')]);

  await addStep(page, 'filter rows');
  await page.getByLabel('Conditions, row 1: column').selectOption('fee');
  await page.getByLabel('Conditions, row 1: how to compare').selectOption('<');
  await changed(page, () =>
    page
      .getByLabel('Conditions, row 1: value')
      .fill('1000')
      .then(() => page.keyboard.press('Tab')),
  );

  await addStep(page, 'one-hot');
  await changed(page, () => page.getByLabel('plan', { exact: true }).check());

  await addStep(page, 'select columns');
  await changed(page, () => page.getByLabel('customer', { exact: true }).check());
  await untilChecked(page);
  expect(await sentences(page)).toHaveLength(6);
  expect(await page.getByText('5 rows fail').first().isVisible()).toBe(true);
  expect(await page.getByText(`${tooDear(rowsIn)} rows left out`).isVisible()).toBe(true);
  expect(await faultsOf(page, '34-six-steps')).toEqual([]);
}, 120_000);

test('what is typed shows at once, and only then is kept', async () => {
  await page.goto(`/recipes/${recipe}?step=4&edit=1`);
  const value = page.getByLabel('Conditions, row 1: value');
  const position = () => page.evaluate(`document.getElementById('editor').dataset.position`);
  const before = await position();
  await value.fill('20');
  await page.locator('tr.marked').nth(20).waitFor();
  expect(await position()).toBe(before);
  await value.fill('1000');
  await page.locator('tr.marked').nth(20).waitFor({ state: 'detached' });
}, 60_000);

test('steps are moved by key, by drag and by button, and undo takes it back', async () => {
  await page.goto(`/recipes/${recipe}`);
  const before = await sentences(page);
  const last = page.locator('#steps > li[data-step]').nth(5);
  await last.locator('.stepname').focus();
  await changed(page, () => page.keyboard.press('Alt+ArrowUp'));
  expect(await sentences(page)).toEqual([...before.slice(0, 4), before[5], before[4]]);
  await changed(page, () => page.getByRole('button', { name: 'Undo' }).click());
  expect(await sentences(page)).toEqual(before);
  await changed(page, () => page.getByRole('button', { name: 'Redo' }).click());
  await page.getByRole('heading', { level: 1 }).click();
  await changed(page, () => page.keyboard.press('Control+z'));
  expect(await sentences(page)).toEqual(before);

  const grip = page.locator('#steps > li[data-step] .number');
  const [from, to] = [await grip.nth(1).boundingBox(), await grip.nth(0).boundingBox()];
  await page.mouse.move(from!.x + 4, from!.y + 6);
  await page.mouse.down();
  await page.mouse.move(to!.x + 4, to!.y + 20, { steps: 5 });
  await page.mouse.move(to!.x + 4, to!.y + 2, { steps: 3 });
  await changed(page, () => page.mouse.up());
  expect(await sentences(page)).toEqual([before[1], before[0], ...before.slice(2)]);
  await changed(page, () => page.getByRole('button', { name: 'Undo' }).click());
}, 90_000);

test('a step that does not fit says why and what to do, and can be mended', async () => {
  await page.goto(`/recipes/${recipe}?step=2&edit=1`);
  await changed(page, () => page.getByLabel('plan', { exact: true }).check());
  const bad = page.locator('#steps > li.bad');
  await bad.waitFor();
  expect(await bad.textContent()).toMatch(
    /The median of “plan” cannot be taken: it is text\. Use the most frequent value, or a constant\./,
  );
  expect(await page.getByRole('button', { name: 'Train with this' }).isDisabled()).toBe(true);
  expect(await faultsOf(page, '35-does-not-fit')).toEqual([]);
  await changed(page, () => page.getByLabel('plan', { exact: true }).uncheck());
  await bad.waitFor({ state: 'detached' });
  expect(await page.getByRole('button', { name: 'Train with this' }).isEnabled()).toBe(true);
}, 60_000);

test('input stands beside output, and the rows that fail can be looked at', async () => {
  await page.goto(`/recipes/${recipe}?step=3`);
  await untilChecked(page);
  await page.getByRole('link', { name: 'failing' }).click();
  await page.locator('a[aria-current="true"]', { hasText: 'failing' }).waitFor();
  expect(await page.locator('tr.marked').count()).toBe(5);
  await page.getByRole('link', { name: 'input beside' }).click();
  await page.getByRole('region', { name: 'Input' }).waitFor();
  expect(await page.getByRole('region', { name: 'Input' }).textContent()).toContain('soon');
  expect(await faultsOf(page, '36-beside')).toEqual([]);
}, 60_000);

test('the whole of the data is prepared, and comes as a file', async () => {
  await press(page, 'Run on all rows');
  await page.getByLabel('Name of the dataset that it makes').fill('clean');
  await press(page, 'Run it');
  await page.waitForURL(/\/preparations\//);
  await page.locator('#status', { hasText: 'Ready' }).waitFor({ timeout: 60_000 });
  expect(await faultsOf(page, '37-prepared')).toEqual([]);
  const csv = (await download(page, 'CSV')).toString();
  const lines = csv.trimEnd().split('\n');
  expect(lines).toHaveLength(1 + rowsIn - tooDear(rowsIn));
  expect(lines[0]).toMatch(/^age,.*signup_year,signup_month,signup_weekday/);
  expect(lines[0]).not.toContain('customer');
  expect((await download(page, 'Parquet')).subarray(0, 4).toString()).toBe('PAR1');
}, 90_000);

test('a model is trained with the recipe, and predicts raw rows; what the recipe leaves out says why', async () => {
  await page.goto(`/recipes/${recipe}`);
  await press(page, 'Train with this');
  await page.getByRole('heading', { name: 'Columns after the recipe' }).waitFor();
  expect(await faultsOf(page, '38-train-with')).toEqual([]);
  await page.getByLabel('Column to predict').selectOption('leaves');
  await page.getByLabel('scikit-learn').check();
  await page.getByLabel('Trees', { exact: true }).fill('20');
  await page.getByLabel('Time limit, in minutes').fill('0.25');
  await page.getByLabel('Name', { exact: true }).fill('by recipe');
  await press(page, 'Check and confirm');
  await page.getByText('leaves, clean, version 1').waitFor();
  await press(page, 'Start training');
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
  await untilDone(page, 'Succeeded');
  expect(await page.locator('#recipe li').count()).toBe(6);
  expect(await faultsOf(page, '39-trained')).toEqual([]);

  await page.goto(`/models/${idOf(page)}/predict`);
  await page.getByLabel('File', { exact: true }).setInputFiles(journey.file('new.csv', raw(60, { withLabel: false })));
  await press(page, 'Upload and predict');
  await page.waitForURL(/\/predictions\/[0-9a-f-]{36}$/);
  await untilDone(page, 'Succeeded');
  await page.getByRole('columnheader', { name: 'not scored' }).waitFor();
  expect(await faultsOf(page, '40-predicted')).toEqual([]);
  const rows = JSON.parse((await download(page, 'JSON')).toString()) as Record<string, unknown>[];
  expect(rows).toHaveLength(60);
  const reasons = rows.map((row) => row['not_scored']);
  expect(reasons.flatMap((reason, n) => (reason === null ? [] : [n]))).toEqual([7, 57]);
  expect(String(reasons[7])).toMatch(/fee/);
  expect(rows.filter((row) => row['leaves_predicted'] === null).map((_, n) => n)).toHaveLength(2);
}, 180_000);

test('the recipe goes out as a file, comes back, and is tried on other data', async () => {
  await page.goto(`/recipes/${recipe}`);
  expect(await page.getByRole('link', { name: 'Version 1', exact: true }).isVisible()).toBe(true);
  const yaml = (await download(page, 'Export as YAML')).toString();
  expect(yaml).toContain('kind: one-hot');
  await page.goto('/recipes/new');
  await page.getByLabel('Recipe as YAML').setInputFiles(journey.file('recipe.yaml', yaml));
  await press(page, 'Import it');
  await page.waitForURL(/\/recipes\/[0-9a-f-]{36}/);
  expect(await sentences(page)).toHaveLength(6);
  const clean = (await journey.api.json<{ items: { id: string; name: string }[] }>('/datasets')).items.find(
    ({ name }) => name === 'clean',
  );
  await page.goto(`/recipes/${recipe}/try?dataset=${clean?.id}`);
  await page.getByText('steps do not fit “clean”').waitFor();
  expect(await faultsOf(page, '41-tried')).toEqual([]);
  await page.goto('/recipes');
  expect(await faultsOf(page, '42-recipes')).toEqual([]);
  expect(person.complaints.filter((complaint) => !/4(22|09)/.test(complaint))).toEqual([]);
}, 60_000);
