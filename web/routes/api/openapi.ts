import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Engine } from '../../../domain/engine.ts';
import { engineChoicesSchema } from './engine-choices.ts';
import type { Answer, Operation } from './operation.ts';
import { problemDocumentSchema } from './schemas.ts';

/**
 * The API as OpenAPI 3.1, made from the very operations that are mounted, and from what the engines declare: of each
 * engine its settings. Without engines these are what any engine may have.
 */
export function openApiDocument(
  operations: readonly Operation[],
  version: string,
  engines: readonly Engine[],
): Record<string, unknown> {
  const registry = new OpenAPIRegistry();
  for (const operation of operations) registry.registerPath(pathOf(operation));
  const { components, ...document } = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Trainyard',
      version,
      description:
        'Turns data into a trained model on a machine that always comes home. Requests that change something need a JSON body or the header `X-Trainyard: 1`. Errors are problems as of RFC 9457.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
  });
  const schemas = { ...components?.schemas, ...engineSchemas(engines) };
  return { ...document, components: { ...components, schemas } };
}

/** In place of the `EngineChoice` that the operations know: which engines there are is known when they are asked. */
function engineSchemas(engines: readonly Engine[]) {
  const choices = engineChoicesSchema(engines);
  if (choices === undefined) return {};
  const definition = { type: 'schema' as const, schema: choices };
  return new OpenApiGeneratorV31([definition]).generateComponents().components?.schemas;
}

function pathOf(operation: Operation): RouteConfig {
  const { method, path, tag, summary, description, query, headers, answers } = operation;
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => String(name));
  const params = z.object(
    Object.fromEntries(names.map((name) => [name, name === 'id' ? z.uuid() : z.string()] as const)),
  );
  const body = bodyOf(operation);
  return {
    method,
    path: `/api/v1${path.replace(/:(\w+)/g, '{$1}')}`,
    operationId: operationIdOf(operation),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    request: {
      ...(names.length > 0 ? { params } : {}),
      ...(query === undefined ? {} : { query: query as z.ZodObject }),
      ...(headers === undefined
        ? {}
        : {
            headers: z.object(
              Object.fromEntries(
                headers.map(({ name, description: text }) => [name, z.string().optional().describe(text)]),
              ),
            ),
          }),
      ...(body ? { body } : {}),
    },
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)])),
      default: {
        description: 'What went wrong, and what to do.',
        content: { 'application/problem+json': { schema: problemDocumentSchema } },
      },
    },
  };
}

function bodyOf({ json, file, fileFields }: Operation) {
  const upload = z.object({
    ...fileFields?.shape,
    file: z.string().meta({ format: 'binary', description: 'A CSV file.' }),
  });
  const content = {
    ...(json ? { 'application/json': { schema: json } } : {}),
    ...(file ? { 'multipart/form-data': { schema: upload } } : {}),
  };
  return Object.keys(content).length === 0 ? undefined : { required: true, content };
}

function responseOf({ description, schema, types = [], headers }: Answer): ResponseConfig {
  const raw = Object.fromEntries(types.map((type) => [type, { schema: z.string() }]));
  const content = { ...raw, ...(schema ? { 'application/json': { schema } } : {}) };
  return {
    description,
    ...(headers
      ? {
          headers: z.object(
            Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, z.string().describe(text)])),
          ),
        }
      : {}),
    ...(Object.keys(content).length > 0 ? { content } : {}),
  };
}

function operationIdOf({ method, path }: Operation): string {
  const words = path.split('/').filter((part) => part !== '');
  const parts = words.map((word) => word.replace(/^:(\w)/, (_all, letter: string) => `by-${letter}`));
  return [method, ...parts].join('-').replace(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
}
