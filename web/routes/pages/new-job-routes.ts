import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { readDataPage, readDatasetPage } from '../../../db/read-models/data-pages.ts';
import { readRecipeVersion } from '../../../db/read-models/recipe-lines.ts';
import { type DatasetProfile, datasetProfileSchema } from '../../../domain/dataset.ts';
import { idSchema } from '../../../domain/ids.ts';
import type { JobRequestInput } from '../../../domain/job-spec.ts';
import { confirmPage } from '../../page-models/confirm-page.ts';
import { uploadForm } from '../../page-models/data-page.ts';
import { type FormValues, requestFrom, settingValues, valuesOf } from '../../page-models/job-form.ts';
import { firstValues, guessFor } from '../../page-models/job-guess.ts';
import { type LoadedSettings, newJobPage } from '../../page-models/new-job-page.ts';
import { preparedProfile } from '../../page-models/recipes/prepared-profile.ts';
import { recipeCard } from '../../page-models/recipes/recipe-card.ts';
import { startJobPage } from '../../page-models/start-job-page.ts';
import { Refused } from '../../services/refused.ts';
import type { FieldProblem } from '../../services/views.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { bringBack } from './bring-back.ts';
import { goTo, page, type PageKit, queryOf, textOf } from './page-kit.ts';
import { takeFile } from './take-file.ts';

interface Form {
  id: string;
  values: FormValues;
  problems?: readonly FieldProblem[];
  title?: string;
  intro?: string;
  /** Where label and task come from an earlier job, nothing was guessed. */
  isGuessed?: boolean;
  /** What came of a file of settings. */
  loaded?: LoadedSettings;
}

const newTitle = 'New job';

export function newJobRoutes(routes: SecuredRoutes, kit: PageKit): void {
  const { services, context } = kit;

  const showForm = (request: Request, response: Response, form: Form) => showJobForm(kit, request, response, form);

  // Step 1 without `?dataset=`: choose the data or bring it. Step 2: say what to predict.
  routes.get(
    '/jobs/new',
    'train',
    page(async (request, response) => {
      const who = context.who(request);
      const like = queryOf(request, 'like');
      const continued = queryOf(request, 'continue');
      if (like !== '') {
        const values = valuesOf(await services.jobs.requestLike(who, like));
        return showForm(request, response, {
          id: randomUUID(),
          values,
          title: 'Train again like this',
          isGuessed: false,
        });
      }
      if (continued !== '') {
        const before = await services.jobs.requestLike(who, continued);
        const extraSeconds = before.limits?.trainingSeconds ?? 600;
        const values = valuesOf(await services.jobs.requestContinuing(who, continued, extraSeconds));
        const intro =
          'A new job that starts from the model of the earlier one. What its engine does with it stands beside the engine.';
        return showForm(request, response, { id: randomUUID(), values, title: 'Continue', intro, isGuessed: false });
      }
      const datasetId = queryOf(request, 'dataset');
      if (datasetId === '') return showStart(kit, request, response, null);
      const [engines, machines] = await Promise.all([services.engines.list(), context.machineTypes()]);
      const recipe = { recipeId: queryOf(request, 'recipe'), recipeVersion: queryOf(request, 'version') };
      const { dataset, profile } = await datasetFor(kit, request, { datasetId, ...recipe });
      const values = firstValues({ dataset, profile, engines, machines });
      return showForm(request, response, { id: randomUUID(), values: { ...values, ...recipe } });
    }),
  );

  routes.upload(
    '/jobs/new/upload',
    'upload',
    page(async (request, response) => {
      const taken = await takeFile(services.uploads, context.who(request), request);
      goTo(response, 'datasetId' in taken ? `/jobs/new?dataset=${taken.datasetId}` : `/data/uploads/${taken.uploadId}`);
    }),
  );
  bringBack(routes, '/jobs/new/upload', (request, response, refused) => showStart(kit, request, response, refused));

  // Nothing is made here: it answers with the form again, or with all that would be made.
  routes.post(
    '/jobs/confirm',
    'train',
    page(async (request, response) => {
      const id = idSchema.safeParse(textOf(request, 'id')).data ?? randomUUID();
      const values = formValues(request);
      if (textOf(request, 'action') === 'guess') {
        const { profile } = await datasetFor(kit, request, values);
        const guess = guessFor(profile, textOf(request, 'task.labels'), [values['task.furtherLabels'] ?? []].flat());
        const task = { 'task.kind': guess.kind, 'task.metric': '', 'task.positiveClass': guess.positiveClass };
        return showForm(request, response, { id, values: { ...values, ...task }, isGuessed: true });
      }
      if (textOf(request, 'action') === 'count') return showForm(request, response, { id, values, isGuessed: false });
      if (textOf(request, 'action') === 'load-settings') {
        return showForm(request, response, { id, isGuessed: false, ...(await withSettingsOf(kit, values)) });
      }
      const ignore = textOf(request, 'ignore');
      if (ignore !== '') {
        const ignoredColumns = [...new Set([values['ignoredColumns'] ?? [], ignore].flat())];
        return showForm(request, response, { id, values: { ...values, ignoredColumns } });
      }
      if (textOf(request, 'action') === 'edit') {
        const asked = requestIn(request);
        const before = valuesOf(asked as unknown as JobRequestInput);
        return showForm(request, response, { id: idSchema.safeParse(asked['id']).data ?? id, values: before });
      }
      const engine = await services.engines.get(textOf(request, 'engine.name'));
      const { request: asked, problems } = requestFrom(id, values, engine?.settings ?? []);
      const check = await services.jobs.check(context.who(request), asked);
      const found = withoutRepeats([...problems, ...check.problems]);
      if (found.length > 0 || !check.spec) {
        response.status(422);
        return showForm(request, response, { id, values, problems: found });
      }
      const { dataset, recipe } = await datasetFor(kit, request, values);
      const host = `${request.protocol}://${request.headers.host}`;
      const machine = (await context.machineTypes()).find(
        (type) => type.cloud === check.spec?.machine.cloud && type.name === check.spec.machine.type,
      );
      const view = confirmPage({ spec: check.spec, check, dataset, recipe, engine, machine, host });
      return kit.show(
        request,
        response,
        'jobs/confirm',
        { section: 'jobs', title: 'Confirm', scripts: ['copy.js'] },
        view,
      );
    }),
  );

  // The form carries the id: pressed twice, it is still one job.
  routes.post(
    '/jobs',
    'train',
    page(async (request, response) => {
      const asked = requestIn(request);
      const answer = await services.jobs.accept(context.who(request), asked);
      if ('problems' in answer) {
        response.status(422);
        const values = valuesOf(asked as unknown as JobRequestInput);
        return showForm(request, response, { id: String(asked['id']), values, problems: answer.problems });
      }
      goTo(response, `/jobs/${answer.job.id}`);
    }),
  );
}

async function showStart(kit: PageKit, request: Request, response: Response, refused: Refused | null): Promise<void> {
  const { services, context } = kit;
  const who = context.who(request);
  const [lines, samples] = await Promise.all([
    readDataPage(context.database, who.workspaceId),
    services.datasets.samples(),
  ]);
  const upload = uploadForm('/jobs/new/upload', 'Upload and go on', context.uploads.limitMb, refused);
  const view = startJobPage(lines, samples, upload, await kit.clock(who));
  await kit.show(request, response, 'jobs/start', { section: 'jobs', title: newTitle, scripts: ['upload.js'] }, view);
}

export async function showJobForm(kit: PageKit, request: Request, response: Response, form: Form): Promise<void> {
  const { services, context } = kit;
  const [engines, machines, { dataset, profile, recipe }] = await Promise.all([
    services.engines.list(),
    context.machineTypes(),
    datasetFor(kit, request, form.values),
  ]);
  const view = newJobPage({
    id: form.id,
    dataset,
    profile,
    values: form.values,
    guessed: !(form.isGuessed ?? !form.values['continuesJobId']) ? null : guessedWords(profile, form.values),
    continued: await continuedJob(kit, request, form.values),
    recipe: recipeCard(recipe),
    problems: form.problems ?? [],
    engines,
    machines,
    obstacles: services.machines.obstacles(),
    hasLogins: services.machines.hasLogins(),
    loaded: form.loaded ?? null,
    title: form.title ?? newTitle,
    intro: form.intro ?? '',
  });
  await kit.show(request, response, 'jobs/new', { section: 'jobs', title: view.title, scripts: ['job-form.js'] }, view);
}

/** The form filled in from a file of settings, and what it held that has no place in it. */
async function withSettingsOf({ services }: PageKit, values: FormValues) {
  const engine = [values['engine.name']].flat()[0] ?? '';
  const text = [values['settingsFile']].flat()[0] ?? '';
  if (text.trim() === '') return { values, loaded: { told: [], problem: 'Choose a file, or paste what is in it.' } };
  try {
    const { settings, told } = await services.engines.readSettings(engine, text);
    const count = Object.keys(settings).length;
    const found = `${count === 1 ? '1 setting was' : `${count} settings were`} filled in. Look them over, and go on.`;
    return {
      values: { ...values, ...settingValues(engine, settings) },
      loaded: { told: [found, ...told], problem: null },
    };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { values, loaded: { told: [], problem: error.message } };
  }
}

/** The earlier job, by name: the id alone tells nobody which. */
async function continuedJob({ services, context }: PageKit, request: Request, values: FormValues) {
  const id = idSchema.safeParse(values['continuesJobId']).data;
  if (id === undefined) return null;
  const before = await services.jobs.requestLike(context.who(request), id).catch(() => null);
  return before && { name: before.name, href: `/jobs/${id}`, engine: before.engine.name };
}

/** Why the guess is what it is, while the form still holds it. */
function guessedWords(profile: DatasetProfile, values: FormValues): { label: string; kind: string } {
  const further = [values['task.furtherLabels'] ?? []].flat();
  const guess = guessFor(profile, [values['task.labels']].flat()[0], further);
  return { label: guess.labelBecause, kind: guess.kind === values['task.kind'] ? guess.kindBecause : '' };
}

/** The data of a job, with the columns as they are after its recipe. */
async function datasetFor(kit: PageKit, request: Request, values: FormValues) {
  const parsed = idSchema.safeParse(values['datasetId']);
  const who = kit.context.who(request);
  const facts = parsed.success ? await readDatasetPage(kit.context.database, who.workspaceId, parsed.data) : undefined;
  if (!facts) {
    throw new Refused(404, 'No such data', 'The data of this job is not here; it may have been removed.', {
      hint: 'Choose other data, or upload it again.',
    });
  }
  const { dataset } = facts;
  const profile = datasetProfileSchema.parse(JSON.parse(dataset.profile_json));
  const recipeId = idSchema.safeParse(values['recipeId']).data;
  const version = Number(values['recipeVersion']);
  const recipe =
    recipeId !== undefined && Number.isInteger(version)
      ? await readRecipeVersion(kit.context.database, who.workspaceId, recipeId, version)
      : undefined;
  if (!recipe || recipe.isRemoved) return { dataset, profile, recipe };
  const { steps } = await kit.services.recipes.tryOn(who, recipe.id, { datasetId: dataset.id, version });
  const schema = steps.at(-1)?.schema;
  return { dataset, profile: schema ? preparedProfile(profile, schema) : profile, recipe };
}

export function formValues(request: Request): FormValues {
  const body = (request.body ?? {}) as Record<string, unknown>;
  const values: FormValues = {};
  for (const [name, value] of Object.entries(body)) {
    if (Array.isArray(value)) values[name] = value.map(String);
    else if (typeof value === 'string') values[name] = value;
  }
  return values;
}

function requestIn(request: Request): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(textOf(request, 'request'));
    if (parsed !== null && typeof parsed === 'object') return parsed as Record<string, unknown>;
  } catch {
    // Said below, for both kinds of nonsense.
  }
  throw new Refused(400, 'The form is broken', 'The confirmed request cannot be read.', {
    hint: 'Go back to the form and confirm again.',
  });
}

/** The same field is not scolded twice: what the form found is in its own words. */
export function withoutRepeats(problems: readonly FieldProblem[]): FieldProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ field }) => !seen.has(field) && seen.add(field));
}
