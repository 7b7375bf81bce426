import { Ajv2020 } from 'ajv/dist/2020.js';
import request from 'supertest';
import { type DeclaredRoute, permissions } from '../../../web/routes/secured-routes.ts';
import { openYard, type Yard } from './open-yard.ts';

interface Operation {
  operationId: string;
  summary: string;
  parameters?: { name: string; in: string; required?: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

interface Layer {
  route?: { path: string; stack: { method?: string }[] };
  handle?: { stack?: Layer[] };
}

let yard: Yard;
let document: Document;

beforeAll(async () => {
  yard = await openYard();
  document = (await request(yard.app).get('/openapi.json')).body;
});
afterAll(() => yard.close());

/** Every route that Express really has, wherever it is mounted. */
function mounted(stack: Layer[]): { method: string; path: string }[] {
  return stack.flatMap((layer) => {
    const { route, handle } = layer;
    if (!route) return handle?.stack ? mounted(handle.stack) : [];
    const methods = new Set(route.stack.map(({ method }) => method).filter((method) => method !== undefined));
    return [...methods].map((method) => ({ method, path: route.path }));
  });
}

it('describes every route of the API that is mounted, and no other', () => {
  const isApi = ({ path }: { path: string }) =>
    /^\/(jobs|datasets|models|predictions|engines|samples|machine-types|orphans|step-kinds|recipes|preparations|uploads|sweeps)(\/|$)/.test(
      path,
    );
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  );
  const stack = (yard.app as unknown as { router: { stack: Layer[] } }).router.stack;
  const api = stack.find(({ handle }) => handle?.stack?.some(({ route }) => route?.path === '/machine-types'));
  const real = mounted(api?.handle?.stack ?? [])
    .filter(isApi)
    .map(({ method, path }) => `${method} /api/v1${path.replace(/:(\w+)/g, '{$1}')}`);
  expect(real.length).toBeGreaterThan(30);
  expect(described.toSorted()).toEqual(real.toSorted());
});

it('is OpenAPI 3.1 whose parts fit together', () => {
  expect(document.openapi).toBe('3.1.0');
  const ajv = new Ajv2020({ strict: false, formats: { uuid: true, binary: true } });
  ajv.addSchema({ $id: 'document', ...document });
  const ids = new Set<string>();
  for (const [path, operations] of Object.entries(document.paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const operation of Object.values(operations)) {
      expect(ids.has(operation.operationId)).toBe(false);
      ids.add(operation.operationId);
      expect(operation.summary).not.toBe('');
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => name)).toEqual(names);
      expect(operation.responses.default?.content?.['application/problem+json']).toBeDefined();
      const contents = [operation.requestBody, ...Object.values(operation.responses)].flatMap((part) =>
        Object.values(part?.content ?? {}),
      );
      for (const { schema } of contents) expect(() => ajv.compile(absolute(schema))).not.toThrow();
    }
  }
  for (const schema of Object.values(document.components.schemas))
    expect(() => ajv.compile(absolute(schema))).not.toThrow();
});

/** References of the document as references to it from outside. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object;
}

it('describes what it really answers', async () => {
  const ajv = new Ajv2020({ strict: false, formats: { uuid: true } });
  ajv.addSchema({ $id: 'document', ...document });
  for (const path of [
    '/jobs',
    '/datasets',
    '/models',
    '/predictions',
    '/engines',
    '/machine-types',
    '/samples',
    '/step-kinds',
    '/recipes',
    '/preparations',
  ]) {
    const { body } = await yard.api.get(path);
    const schema = document.paths[`/api/v1${path}`]?.get?.responses['200']?.content?.['application/json']?.schema;
    const validate = ajv.compile(absolute(schema ?? { not: {} }));
    validate(body);
    expect([path, validate.errors]).toEqual([path, null]);
  }
});

describe('a job is asked for', () => {
  const wordsOf = (engine: unknown) => ({ name: 'x', datasetId: crypto.randomUUID(), task, engine });
  const task = { kind: 'binary', labels: ['churned'] };
  const check = (body: object) => {
    const ajv = new Ajv2020({ strict: false, formats: { uuid: true } });
    ajv.addSchema({ $id: 'document', ...document });
    const schema = document.paths['/api/v1/jobs']?.post?.requestBody?.content['application/json']?.schema;
    return ajv.compile(absolute(schema ?? { not: {} }))(body);
  };

  it('by a filled example, which fits but for its data', async () => {
    const { example } = document.components.schemas['JobRequest'] as { example: object };
    expect(check(example)).toBe(true);
    const { body } = await yard.api.post('/jobs/check', example);
    expect(body.problems).toEqual([{ field: 'datasetId', message: expect.stringContaining('no such dataset') }]);
  });

  it('with the settings of its engine, in types, defaults, ranges and help', () => {
    const { SklearnEngine: engine, EngineChoice: choice } = document.components.schemas;
    expect(engine).toMatchObject({
      description: 'A handful of solid algorithms.',
      properties: {
        settings: {
          additionalProperties: false,
          properties: {
            effort: { enum: ['quick', 'balanced', null], default: 'balanced' },
            trees: { type: ['integer', 'null'], default: 200, minimum: 10, maximum: 2000 },
          },
        },
      },
    });
    expect(JSON.stringify(engine)).toContain('Trees. How many.');
    expect(choice).toMatchObject({
      discriminator: {
        propertyName: 'name',
        mapping: { sklearn: '#/components/schemas/SklearnEngine' },
      },
    });
  });

  it.each([
    ['nothing said', { name: 'sklearn' }, true],
    ['what it takes', { name: 'sklearn', settings: { trees: 20, effort: 'quick' } }, true],
    ['an unknown setting', { name: 'sklearn', settings: { sharpness: 3 } }, false],
    ['a setting of another engine', { name: 'classes_only', settings: { trees: 20 } }, false],
    ['more than the range', { name: 'sklearn', settings: { trees: 2001 } }, false],
    ['a part of a whole number', { name: 'sklearn', settings: { trees: 20.5 } }, false],
    ['no such choice', { name: 'sklearn', settings: { effort: 'heroic' } }, false],
    ['no such engine', { name: 'magic' }, false],
  ])('%s: the document and the service say the same', async (_what, engine, fits) => {
    expect(check(wordsOf(engine))).toBe(fits);
    const { body } = await yard.api.post('/jobs/check', wordsOf(engine));
    const ofEngine = (body.problems as { field: string }[]).filter(({ field }) => field.startsWith('engine.'));
    expect(ofEngine.length === 0).toBe(fits);
  });
});

it('leads on from its own address', async () => {
  const { body } = await request(yard.app).get('/api/v1').expect(200);
  expect(body).toMatchObject({ documentation: '/api/docs', openapi: '/openapi.json' });
  for (const path of [body.documentation, body.openapi]) await request(yard.app).get(path).expect(200);
});

it('is shown by a page that keeps to the content security policy', async () => {
  const page = await request(yard.app).get('/api/docs');
  expect(page.status).toBe(200);
  expect(page.text).not.toMatch(/<script(?![^>]*src=)[^>]*>|<style|style="|onload=/);
  for (const [, address] of page.text.matchAll(/(?:src|href)="(\/api\/docs\/[^"]+)"/g)) {
    expect([address, (await request(yard.app).get(String(address))).status]).toEqual([address, 200]);
  }
});

it('declares a permission for each route', () => {
  const declared = (yard.app as unknown as { locals: { declaredRoutes: DeclaredRoute[] } }).locals.declaredRoutes;
  expect(declared.length).toBeGreaterThan(40);
  for (const route of declared) expect(permissions).toContain(route.permission);
  const open = declared.filter(({ permission }) => permission === 'public').map(({ path }) => path);
  expect(open.every((path) => /^\/(healthz|readyz|openapi\.json|api\/v1|api\/docs.*)$/.test(path))).toBe(true);
});
