import type { Request, Response } from 'express';
import { findKind } from '../../../domain/recipe/kinds.ts';
import { type OnFailure, onFailureWays, type Step } from '../../../domain/recipe/recipe.ts';
import { hrefIn, placeFrom } from '../../page-models/recipes/editor-place.ts';
import { settingsFromForm } from '../../page-models/recipes/settings-from-form.ts';
import { stepSentence } from '../../page-models/recipes/step-sentence.ts';
import type { RecipeDetail } from '../../services/recipe-views.ts';
import { notFound, Refused } from '../../services/refused.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { goTo, idIn, page, type PageKit, textOf } from './page-kit.ts';
import { editorAt, lacksData, readEditor } from './recipe-page.ts';
import { positionIn } from './recipe-place.ts';

const what = 'recipe with this id';

/** The editor of a recipe: every change is one form, with a script or without. */
export function recipeEditRoutes(routes: SecuredRoutes, kit: PageKit): void {
  const { services, context, show } = kit;

  routes.get(
    '/recipes/:id',
    'read',
    page(async (request, response) => {
      const id = idIn(request, what);
      const who = context.who(request);
      // Without data there is nothing to show, but a recipe to take to other data.
      if (await lacksData(kit, who, await services.recipes.get(who, id))) return goTo(response, `/recipes/${id}/try`);
      const view = await readEditor(request, kit, id);
      await show(
        request,
        response,
        'recipes/editor',
        { section: 'data', title: view.name, scripts: ['recipe-editor.js'], wide: true },
        view,
      );
    }),
  );

  /** How far the pass over the whole file is, for the script that waits for it. */
  routes.get(
    '/recipes/:id/check',
    'read',
    page(async (request, response) => {
      const { state, position, progress } = await services.recipes.checked(context.who(request), idIn(request, what));
      response.json({ state, position, progress });
    }),
  );

  /** What the settings that are being typed would do; nothing is kept. */
  routes.post(
    '/recipes/:id/preview',
    'upload',
    page(async (request, response) => {
      const who = context.who(request);
      const recipe = await services.recipes.get(who, idIn(request, what));
      const place = placeFrom(textOf(request, 'place'), recipe.steps.length);
      const stepId = textOf(request, 'stepId');
      const steps: RecipeDetail['steps'] = recipe.steps.map((step) => {
        if (step.id !== stepId) return step;
        const changed = { ...step, ...changesIn(request, step) };
        return { ...changed, sentence: stepSentence(changed) };
      });
      const at = steps.findIndex(({ id }) => id === stepId);
      const view = await editorAt(kit, who, {
        recipe: { ...recipe, steps },
        place: at < 0 ? place : { ...place, step: at + 1, edit: true },
        tab: textOf(request, 'tab'),
        steps,
      });
      await show(request, response, 'recipes/editor', { section: 'data', title: view.name, wide: true }, view);
    }),
  );

  routes.post(
    '/recipes/:id/steps',
    'upload',
    page(async (request, response) => {
      const id = idIn(request, what);
      const at = Number(textOf(request, 'at')) || 0;
      const kind = textOf(request, 'kind');
      if (!findKind(kind))
        throw new Refused(422, 'No such step', 'No kind of step was chosen.', { hint: 'Go back and choose one.' });
      const asked = { kind, at, position: positionIn(request), settings: {} };
      const { steps } = await services.recipes.addStep(context.who(request), id, asked);
      const place = placeFrom(textOf(request, 'place'), steps.length);
      goTo(
        response,
        hrefIn(`/recipes/${id}`, { ...place, step: Math.min(at, steps.length - 1) + 1, edit: true, rows: 'first' }),
      );
    }),
  );

  routes.post(
    '/recipes/:id/steps/:step',
    'upload',
    page((request, response) => changeOne(request, response)),
  );

  const changeOne = async (request: Request, response: Response) => {
    const who = context.who(request);
    const id = idIn(request, what);
    const stepId = String(request.params['step']);
    const position = positionIn(request);
    const { steps } = await services.recipes.get(who, id);
    const at = steps.findIndex((step) => step.id === stepId);
    const step = steps[at];
    if (!step) throw notFound('step with this id in the recipe', 'It may have been removed. Reload the page.');
    const done = await changeBy(request, { who, id, step, at, position });
    const to = done.steps.findIndex((each) => each.id === stepId);
    const place = placeFrom(textOf(request, 'place'), done.steps.length);
    const isGone = to < 0;
    // One stays with the step that one has moved; of one that is gone, at its place.
    const next = isGone ? { ...place, step: Math.min(at, done.steps.length), edit: false } : { ...place, step: to + 1 };
    goTo(response, hrefIn(`/recipes/${id}`, next));
  };

  type Change = { who: ReturnType<typeof context.who>; id: string; step: Step; at: number; position: number };
  const changeBy = async (request: Request, { who, id, step, at, position }: Change): Promise<RecipeDetail> => {
    switch (textOf(request, 'do')) {
      case 'save':
        return services.recipes.changeStep(who, id, step.id, { position, ...changesIn(request, step) });
      case 'up':
        return services.recipes.changeStep(who, id, step.id, { position, at: Math.max(0, at - 1) });
      case 'down':
        return services.recipes.changeStep(who, id, step.id, { position, at: at + 1 });
      case 'to':
        return services.recipes.changeStep(who, id, step.id, { position, at: Number(textOf(request, 'at')) || 0 });
      case 'switch':
        return services.recipes.changeStep(who, id, step.id, { position, on: !step.on });
      case 'remove':
        return services.recipes.removeStep(who, id, step.id, position);
      default:
        throw new Refused(400, 'The form is broken', 'The form does not say what to do with the step.');
    }
  };

  for (const way of ['undo', 'redo'] as const) {
    routes.post(
      `/recipes/:id/${way}`,
      'upload',
      page(async (request, response) => {
        const id = idIn(request, what);
        const { steps } = await services.recipes[way](context.who(request), id, positionIn(request));
        goTo(response, hrefIn(`/recipes/${id}`, placeFrom(textOf(request, 'place'), steps.length)));
      }),
    );
  }
}

function changesIn(request: Request, step: Step): { settings: Step['settings']; onFailure: OnFailure } {
  const kind = findKind(step.kind);
  const onFailure = onFailureWays.find((way) => way === textOf(request, 'onFailure')) ?? step.onFailure;
  if (!kind) return { settings: step.settings, onFailure };
  return { settings: settingsFromForm(kind, (request.body ?? {}) as Record<string, unknown>), onFailure };
}
