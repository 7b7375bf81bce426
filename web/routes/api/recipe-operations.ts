import { z } from 'zod';
import { idSchema } from '../../../domain/ids.ts';
import {
  atPositionSchema,
  checkRequestSchema,
  duplicateSchema,
  fitSchema,
  importRecipeSchema,
  newRecipeSchema,
  newStepSchema,
  previewRequestSchema,
  recipeChangesSchema,
  recipeCheckSchema,
  recipeDetailSchema,
  recipePreviewSchema,
  recipeSummarySchema,
  recipeVersionSchema,
  saveVersionSchema,
  stepChangesSchema,
  stepKindSchema,
  stepsBodySchema,
  tryRecipeSchema,
} from '../../services/recipe-views.ts';
import { parsed } from '../../services/request-problems.ts';
import type { Services } from '../../services/services.ts';
import type { ApiRoutes } from './operation.ts';
import { pageOf, pagingShape, removalSchema } from './schemas.ts';

const tag = 'recipe';
const recipeAnswer = { description: 'The recipe.', schema: recipeDetailSchema };
const created = { ...recipeAnswer, description: 'Kept.', headers: { Location: 'Its address.' } };
const numberOf = z.coerce.number().int().min(0).max(2_147_483_647);
const positionText =
  'A change says at which `position` its sender saw the draft, and is refused (409) when it has moved on meanwhile.';

export function recipeOperations(api: ApiRoutes, { recipes }: Services): void {
  api.add(
    {
      method: 'get',
      path: '/step-kinds',
      permission: 'read',
      tag,
      summary: 'Every kind of step, with its settings as fields of a form',
      answers: {
        200: { description: 'All of them, in the order in which they are offered.', schema: z.array(stepKindSchema) },
      },
    },
    async ({ response }) => void response.json(recipes.kinds()),
  );

  api.add(
    {
      method: 'post',
      path: '/recipes',
      permission: 'prepare',
      tag,
      summary: 'Begin a recipe for a dataset',
      json: newRecipeSchema,
      answers: { 201: created, 200: { ...recipeAnswer, description: 'It was there before.' } },
    },
    async ({ who, request, response }) => {
      const { recipe, created: isNew } = await recipes.create(who, parsed(newRecipeSchema, request.body ?? {}));
      response
        .status(isNew ? 201 : 200)
        .location(`/api/v1/recipes/${recipe.id}`)
        .json(recipe);
    },
  );

  api.add(
    {
      method: 'get',
      path: '/recipes',
      permission: 'read',
      tag,
      summary: 'List recipes, last changed first',
      query: z.strictObject({ search: z.string().max(200).optional(), datasetId: idSchema.optional(), ...pagingShape }),
      answers: { 200: { description: 'A page of them.', schema: pageOf(recipeSummarySchema) } },
    },
    async ({ who, query, response }) => void response.json(await recipes.list(who, query)),
  );

  api.add(
    {
      method: 'post',
      path: '/recipes/import',
      permission: 'prepare',
      tag,
      summary: 'Make a recipe of a YAML file',
      description: 'What is wrong with the file is said with its line. `fit` says what does not fit the dataset.',
      json: importRecipeSchema,
      answers: {
        201: {
          description: 'Kept, with what does not fit.',
          schema: z.object({ recipe: recipeDetailSchema, fit: fitSchema }),
          headers: { Location: 'Its address.' },
        },
      },
    },
    async ({ who, request, response }) => {
      const imported = await recipes.importYaml(who, parsed(importRecipeSchema, request.body ?? {}));
      response.status(201).location(`/api/v1/recipes/${imported.recipe.id}`).json(imported);
    },
  );

  api.add(
    {
      method: 'get',
      path: '/recipes/:id',
      permission: 'read',
      tag,
      summary: 'A recipe with its draft',
      answers: { 200: recipeAnswer },
    },
    async ({ who, id, response }) => void response.json(await recipes.get(who, id)),
  );

  api.add(
    {
      method: 'patch',
      path: '/recipes/:id',
      permission: 'prepare',
      tag,
      summary: 'Rename it',
      json: recipeChangesSchema,
      answers: { 200: recipeAnswer },
    },
    async ({ who, id, request, response }) => {
      const { name } = parsed(recipeChangesSchema, request.body ?? {});
      response.json(await recipes.rename(who, id, name));
    },
  );

  api.add(
    {
      method: 'delete',
      path: '/recipes/:id',
      permission: 'remove',
      tag,
      summary: 'Remove a recipe that is not being carried out; its versions stay for what was made with them',
      answers: { 200: { description: 'What went and what stays.', schema: removalSchema } },
    },
    async ({ who, id, response }) => void response.json(await recipes.remove(who, id)),
  );

  api.add(
    {
      method: 'put',
      path: '/recipes/:id/steps',
      permission: 'prepare',
      tag,
      summary: 'Replace all steps of the draft',
      description: positionText,
      json: stepsBodySchema,
      answers: { 200: recipeAnswer },
    },
    async ({ who, id, request, response }) =>
      void response.json(await recipes.replaceSteps(who, id, parsed(stepsBodySchema, request.body ?? {}))),
  );

  api.add(
    {
      method: 'post',
      path: '/recipes/:id/steps',
      permission: 'prepare',
      tag,
      summary: 'Add a step',
      description: positionText,
      json: newStepSchema,
      answers: { 200: recipeAnswer },
    },
    async ({ who, id, request, response }) =>
      void response.json(await recipes.addStep(who, id, parsed(newStepSchema, request.body ?? {}))),
  );

  api.add(
    {
      method: 'patch',
      path: '/recipes/:id/steps/:step',
      permission: 'prepare',
      tag,
      summary: 'Change, move or switch a step',
      description: positionText,
      json: stepChangesSchema,
      answers: { 200: recipeAnswer },
    },
    async ({ who, id, request, response }) => {
      const asked = parsed(stepChangesSchema, request.body ?? {});
      response.json(await recipes.changeStep(who, id, String(request.params.step), asked));
    },
  );

  api.add(
    {
      method: 'delete',
      path: '/recipes/:id/steps/:step',
      permission: 'prepare',
      tag,
      summary: 'Take a step out',
      query: z.strictObject({ position: numberOf.optional() }),
      answers: { 200: recipeAnswer },
    },
    async ({ who, id, query, request, response }) =>
      void response.json(await recipes.removeStep(who, id, String(request.params.step), query.position)),
  );

  for (const [what, summary] of [
    ['undo', 'Take back the last change'],
    ['redo', 'Make again what was taken back'],
  ] as const) {
    api.add(
      {
        method: 'post',
        path: `/recipes/:id/${what}`,
        permission: 'prepare',
        tag,
        summary,
        json: atPositionSchema,
        answers: { 200: recipeAnswer },
      },
      async ({ who, id, request, response }) => {
        const { position } = parsed(atPositionSchema, request.body ?? {});
        response.json(await recipes[what](who, id, position));
      },
    );
  }

  api.add(
    {
      method: 'post',
      path: '/recipes/:id/versions',
      permission: 'prepare',
      tag,
      summary: 'Save the draft as a version, which never changes',
      json: saveVersionSchema,
      answers: {
        201: { description: 'Saved.', schema: recipeVersionSchema },
        200: { description: 'The draft is the latest version already.', schema: recipeVersionSchema },
      },
    },
    async ({ who, id, request, response }) => {
      const { position } = parsed(saveVersionSchema, request.body ?? {});
      const { version, created: isNew } = await recipes.saveVersion(who, id, position);
      response.status(isNew ? 201 : 200).json(version);
    },
  );

  api.add(
    {
      method: 'get',
      path: '/recipes/:id/versions',
      permission: 'read',
      tag,
      summary: 'Its versions, newest first',
      answers: { 200: { description: 'All of them.', schema: z.array(recipeVersionSchema) } },
    },
    async ({ who, id, response }) => void response.json(await recipes.versions(who, id)),
  );

  api.add(
    {
      method: 'get',
      path: '/recipes/:id/export',
      permission: 'read',
      tag,
      summary: 'As a YAML file',
      query: z.strictObject({ version: numberOf.optional() }),
      answers: { 200: { description: 'The draft, or the version that was asked for.', types: ['application/yaml'] } },
    },
    async ({ who, id, query, response }) => {
      const { fileName, yaml } = await recipes.exportYaml(who, id, query.version);
      response.attachment(fileName).type('application/yaml').send(yaml);
    },
  );

  api.add(
    {
      method: 'post',
      path: '/recipes/:id/duplicate',
      permission: 'prepare',
      tag,
      summary: 'Make another recipe that begins like it',
      json: duplicateSchema,
      answers: { 201: created },
    },
    async ({ who, id, request, response }) => {
      const recipe = await recipes.duplicate(who, id, parsed(duplicateSchema, request.body ?? {}));
      response.status(201).location(`/api/v1/recipes/${recipe.id}`).json(recipe);
    },
  );

  api.add(
    {
      method: 'post',
      path: '/recipes/:id/try',
      permission: 'read',
      tag,
      summary: 'Say what of it does not fit another dataset',
      json: tryRecipeSchema,
      answers: { 200: { description: 'Step by step.', schema: fitSchema } },
    },
    async ({ who, id, request, response }) =>
      void response.json(await recipes.tryOn(who, id, parsed(tryRecipeSchema, request.body ?? {}))),
  );

  api.add(
    {
      method: 'post',
      path: '/recipes/:id/preview',
      permission: 'read',
      tag,
      summary: 'Rows before and after a step of the draft',
      description:
        'What rests on a part of the file only is marked as `sample`. 409 when a newer one of the same tab took its place.',
      json: previewRequestSchema,
      answers: { 200: { description: 'Some rows, with what changed.', schema: recipePreviewSchema } },
    },
    async ({ who, id, request, response }) =>
      void response.json(await recipes.preview(who, id, parsed(previewRequestSchema, request.body ?? {}))),
  );

  api.add(
    {
      method: 'post',
      path: '/recipes/:id/check',
      permission: 'read',
      tag,
      summary: 'Carry the draft out on the whole file, to count',
      description: 'Nothing is kept. Ask again, or GET it, until it is done; the draft as it is is checked once only.',
      json: checkRequestSchema,
      answers: {
        202: { description: 'Under way.', schema: recipeCheckSchema },
        200: { description: 'Done.', schema: recipeCheckSchema },
      },
    },
    async ({ who, id, request, response }) => {
      const check = await recipes.check(who, id, parsed(checkRequestSchema, request.body ?? {}).datasetId);
      response.status(check.state === 'running' ? 202 : 200).json(check);
    },
  );

  api.add(
    {
      method: 'get',
      path: '/recipes/:id/check',
      permission: 'read',
      tag,
      summary: 'How far the check of the draft is',
      query: z.strictObject({ datasetId: idSchema.optional() }),
      answers: { 200: { description: 'Its state, and what it found.', schema: recipeCheckSchema } },
    },
    async ({ who, id, query, response }) => void response.json(await recipes.checked(who, id, query.datasetId)),
  );
}
