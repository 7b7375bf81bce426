import { readFile } from 'node:fs/promises';
import type { Request, Response } from 'express';
import { readDataPage } from '../../../db/read-models/data-pages.ts';
import { idSchema } from '../../../domain/ids.ts';
import { deletePage } from '../../page-models/delete-page.ts';
import { newRecipePage } from '../../page-models/recipes/new-recipe-page.ts';
import { recipesPage } from '../../page-models/recipes/recipes-page.ts';
import { recipeVersionPage } from '../../page-models/recipes/version-page.ts';
import { tryRecipePage } from '../../page-models/recipes/try-page.ts';
import { type Refused, Refused as RefusedError, notFound } from '../../services/refused.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { bringBack } from './bring-back.ts';
import { goTo, idIn, page, type PageKit, queryOf, textOf } from './page-kit.ts';
import { lacksData } from './recipe-page.ts';
import { positionIn } from './recipe-place.ts';

const what = 'recipe with this id';

/** Recipes as things: the list, a new one, versions, files, another dataset. */
export function recipeRoutes(routes: SecuredRoutes, kit: PageKit): void {
  const { services, context, clock, show } = kit;

  routes.get(
    '/recipes',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const [recipes, preparations, datasets] = await Promise.all([
        services.recipes.list(who, { limit: 200 }),
        services.preparations.list(who, { limit: 20 }),
        readDataPage(context.database, who.workspaceId),
      ]);
      const view = recipesPage(
        { recipes: recipes.items, preparations: preparations.items, datasets },
        await clock(who),
      );
      await show(request, response, 'recipes/list', { section: 'data', title: 'Recipes' }, view);
    }),
  );

  const showNew = async (request: Request, response: Response, refused: Refused | null) => {
    const who = context.who(request);
    const view = newRecipePage(await readDataPage(context.database, who.workspaceId), {
      chosen: textOf(request, 'datasetId') || queryOf(request, 'dataset'),
      name: textOf(request, 'name'),
      refused,
      clock: await clock(who),
    });
    await show(request, response, 'recipes/new', { section: 'data', title: 'New recipe' }, view);
  };

  routes.get(
    '/recipes/new',
    'read',
    page((request, response) => showNew(request, response, null)),
  );

  routes.post(
    '/recipes',
    'upload',
    page(async (request, response) => {
      const name = textOf(request, 'name').trim();
      const datasetId = chosenDataset(request);
      const { recipe } = await services.recipes.create(context.who(request), { datasetId, ...(name ? { name } : {}) });
      goTo(response, `/recipes/${recipe.id}`);
    }),
  );

  routes.upload(
    '/recipes/import',
    'upload',
    page(async (request, response) => {
      const datasetId = chosenDataset(request);
      const yaml = request.file ? await readFile(request.file.path, 'utf8') : textOf(request, 'yaml');
      if (yaml.trim() === '')
        throw new RefusedError(422, 'No recipe', 'No file was chosen.', { hint: 'Choose the YAML file of a recipe.' });
      const { recipe } = await services.recipes.importYaml(context.who(request), { datasetId, yaml });
      goTo(response, `/recipes/${recipe.id}`);
    }),
  );
  bringBack(routes, '/recipes', showNew);
  bringBack(routes, '/recipes/import', showNew);

  routes.post(
    '/recipes/:id/rename',
    'upload',
    page(async (request, response) => {
      const id = idIn(request, what);
      const name = textOf(request, 'name').trim().slice(0, 80);
      if (name === '')
        throw new RefusedError(422, 'No name', 'A recipe needs a name.', { hint: 'Go back and write one.' });
      await services.recipes.rename(context.who(request), id, name);
      goTo(response, `/recipes/${id}`);
    }),
  );

  routes.post(
    '/recipes/:id/versions',
    'upload',
    page(async (request, response) => {
      const id = idIn(request, what);
      await services.recipes.saveVersion(context.who(request), id, positionIn(request));
      goTo(response, `/recipes/${id}${textOf(request, 'place')}`);
    }),
  );

  routes.get(
    '/recipes/:id/versions/:number',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const id = idIn(request, what);
      const number = numberIn(request);
      const [recipe, version] = await Promise.all([
        services.recipes.get(who, id),
        services.recipes.version(who, id, number),
      ]);
      const view = recipeVersionPage(recipe, version, await clock(who));
      await show(request, response, 'recipes/version', { section: 'data', title: view.title, narrow: true }, view);
    }),
  );

  /** Back to a version: the draft becomes what it was, and undo leads here again. */
  routes.post(
    '/recipes/:id/versions/:number/restore',
    'upload',
    page(async (request, response) => {
      const who = context.who(request);
      const id = idIn(request, what);
      const { steps } = await services.recipes.version(who, id, numberIn(request));
      await services.recipes.replaceSteps(who, id, { position: positionIn(request), steps });
      goTo(response, `/recipes/${id}`);
    }),
  );

  routes.get(
    '/recipes/:id/recipe.yaml',
    'read',
    page(async (request, response) => {
      const number = Number(queryOf(request, 'version'));
      const version = Number.isInteger(number) && number > 0 ? number : undefined;
      const file = await services.recipes.exportYaml(context.who(request), idIn(request, what), version);
      response.attachment(file.fileName).type('application/yaml').send(file.yaml);
    }),
  );

  routes.get(
    '/recipes/:id/try',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const id = idIn(request, what);
      const [recipe, datasets] = await Promise.all([
        services.recipes.get(who, id),
        readDataPage(context.database, who.workspaceId),
      ]);
      const chosen = idSchema.safeParse(queryOf(request, 'dataset')).data;
      const fit = chosen ? await services.recipes.tryOn(who, id, { datasetId: chosen }) : null;
      const isWithoutData = await lacksData(kit, who, recipe);
      const view = tryRecipePage(recipe, datasets, {
        chosen: chosen ?? '',
        fit,
        isWithoutData,
        clock: await clock(who),
      });
      await show(request, response, 'recipes/try', { section: 'data', title: `Try ${recipe.name}` }, view);
    }),
  );

  routes.post(
    '/recipes/:id/copy',
    'upload',
    page(async (request, response) => {
      const copy = await services.recipes.duplicate(context.who(request), idIn(request, what), {
        datasetId: chosenDataset(request),
      });
      goTo(response, `/recipes/${copy.id}`);
    }),
  );

  /** A job takes a version: the draft as it is becomes one. */
  routes.post(
    '/recipes/:id/train',
    'train',
    page(async (request, response) => {
      const who = context.who(request);
      const id = idIn(request, what);
      const { version } = await services.recipes.saveVersion(who, id, positionIn(request));
      const { datasetId } = await services.recipes.get(who, id);
      goTo(response, `/jobs/new?dataset=${datasetId}&recipe=${id}&version=${version.number}`);
    }),
  );

  routes.post(
    '/recipes/:id/run',
    'upload',
    page(async (request, response) => {
      const name = textOf(request, 'name').trim();
      const { preparation } = await services.preparations.accept(context.who(request), {
        recipeId: idIn(request, what),
        ...(name ? { name } : {}),
        // Pressed twice, it is one preparation.
        ...(idSchema.safeParse(textOf(request, 'id')).success ? { id: textOf(request, 'id') } : {}),
      });
      goTo(response, `/preparations/${preparation.id}`);
    }),
  );

  routes.get(
    '/recipes/:id/delete',
    'remove',
    page(async (request, response) => {
      const who = context.who(request);
      const id = idIn(request, what);
      const { name } = await services.recipes.get(who, id);
      const removal = await services.recipes.removal(who, id);
      const view = deletePage({ kindWord: 'recipe', name, href: `/recipes/${id}`, removal });
      await show(request, response, 'delete', { section: 'data', title: `Delete ${name}`, narrow: true }, view);
    }),
  );

  routes.post(
    '/recipes/:id/delete',
    'remove',
    page(async (request, response) => {
      await services.recipes.remove(context.who(request), idIn(request, what));
      goTo(response, '/recipes');
    }),
  );
}

function numberIn(request: Request): number {
  const number = Number(request.params['number']);
  if (!Number.isInteger(number) || number < 1) throw notFound('version with this number');
  return number;
}

function chosenDataset(request: Request): string {
  const id = idSchema.safeParse(textOf(request, 'datasetId'));
  if (id.success) return id.data;
  throw new RefusedError(422, 'No data', 'No data was chosen.', { hint: 'Choose the data that the recipe is for.' });
}
