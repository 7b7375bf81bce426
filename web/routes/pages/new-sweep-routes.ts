import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Engine } from '../../../domain/engine.ts';
import { idSchema } from '../../../domain/ids.ts';
import type { SweepRequestInput } from '../../../domain/sweep.ts';
import { type FormValues, requestFrom } from '../../page-models/job-form.ts';
import { sweepConfirmPage } from '../../page-models/sweeps/sweep-confirm.ts';
import { type Base, firstSweepValues, sweepFormPage, sweepRequestFrom } from '../../page-models/sweeps/sweep-form.ts';
import { Refused } from '../../services/refused.ts';
import { firstOf } from '../../services/request-problems.ts';
import type { SweepCheck } from '../../services/sweep-service.ts';
import type { FieldProblem } from '../../services/views.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { formValues, showJobForm, withoutRepeats } from './new-job-routes.ts';
import { goTo, idIn, page, type PageKit, queryOf, textOf } from './page-kit.ts';

const title = 'Try several settings';

/** From a job, or the form of one, to a sweep: say what is tried, see what it makes and costs, start it. */
export function newSweepRoutes(routes: SecuredRoutes, kit: PageKit): void {
  const { services, context } = kit;

  routes.get(
    '/sweeps/new',
    'train',
    page(async (request, response) => {
      const like = queryOf(request, 'like');
      if (like === '') return goTo(response, '/jobs/new');
      const { name, ...base } = await services.jobs.requestLike(context.who(request), like);
      return showForm(kit, request, response, { base, values: firstSweepValues(name), problems: [] });
    }),
  );

  // The form of a job, sent here in place of to its own confirm page.
  routes.post(
    '/sweeps/new',
    'train',
    page(async (request, response) => {
      const id = randomUUID();
      const values = formValues(request);
      const engine = await services.engines.get(textOf(request, 'engine.name'));
      const { request: asked, problems } = requestFrom(id, values, engine?.settings ?? []);
      const check = await services.jobs.check(context.who(request), asked);
      const found = withoutRepeats([...problems, ...check.problems]);
      if (found.length > 0 || !check.spec) {
        response.status(422);
        return showJobForm(kit, request, response, { id, values, problems: found });
      }
      const { id: _id, name, workspaceId: _workspace, owner: _owner, ...base } = check.spec;
      return showForm(kit, request, response, { base, values: firstSweepValues(name), problems: [] });
    }),
  );

  // Nothing is made here: the form again, or all that would be made.
  routes.post(
    '/sweeps/confirm',
    'train',
    page(async (request, response) => {
      const values = formValues(request);
      const id = idSchema.safeParse(textOf(request, 'id')).data ?? randomUUID();
      const base = jsonIn(request, 'base') as Base;
      if (textOf(request, 'action') === 'edit') {
        return showForm(kit, request, response, { id, base, values, problems: [] });
      }
      const engine = await engineOf(kit, base);
      const { request: asked, problems } = sweepRequestFrom(id, base, engine, values);
      const check = await services.sweeps.check(context.who(request), asked);
      const found = withoutRepeats([...problems, ...check.problems]);
      if (found.length > 0 || !check.spec) {
        response.status(422);
        return showForm(kit, request, response, { id, base, values, problems: found });
      }
      return showConfirm(kit, request, response, { asked, check, values, engine });
    }),
  );

  // The form carries the id: pressed twice, it is still one sweep.
  routes.post(
    '/sweeps',
    'train',
    page(async (request, response) => start(kit, request, response, jsonIn(request, 'request') as SweepRequestInput)),
  );

  // One click where it costs nothing; else the page that says what it may cost comes first.
  routes.post(
    '/jobs/:id/repeat',
    'train',
    page(async (request, response) => {
      const who = context.who(request);
      const count = Number(textOf(request, 'seeds'));
      const id = idSchema.safeParse(textOf(request, 'sweepId')).data ?? randomUUID();
      const asked = await services.sweeps.requestRepeating(who, idIn(request, 'job with this id'), count, id);
      const check = await services.sweeps.check(who, asked);
      if (!check.spec) throw notPossible(check.problems);
      if (check.worstCase?.micros === 0) return start(kit, request, response, asked);
      return showConfirm(kit, request, response, {
        asked,
        check,
        values: null,
        engine: await engineOf(kit, asked.base),
      });
    }),
  );
}

async function start({ services, context }: PageKit, request: Request, response: Response, asked: SweepRequestInput) {
  const answer = await services.sweeps.accept(context.who(request), asked);
  if ('problems' in answer) throw notPossible(answer.problems);
  goTo(response, `/sweeps/${answer.sweep.id}`);
}

async function showForm(
  kit: PageKit,
  request: Request,
  response: Response,
  form: { id?: string; base: Base; values: FormValues; problems: readonly FieldProblem[] },
): Promise<void> {
  const { id = randomUUID(), base, values, problems } = form;
  const view = sweepFormPage({ id, base, values, problems, engine: await engineOf(kit, base) });
  await kit.show(request, response, 'sweeps/new', { section: 'jobs', title }, view);
}

async function showConfirm(
  kit: PageKit,
  request: Request,
  response: Response,
  given: { asked: SweepRequestInput; check: SweepCheck; values: FormValues | null; engine: Engine },
): Promise<void> {
  const { asked, check, values, engine } = given;
  if (!check.spec) throw notPossible(check.problems);
  const baseJson = JSON.stringify(asked.base);
  const view = sweepConfirmPage(check.spec, check, { request: asked, values, baseJson, engine });
  await kit.show(request, response, 'sweeps/confirm', { section: 'jobs', title: 'Confirm' }, view);
}

async function engineOf({ services }: PageKit, base: Base): Promise<Engine> {
  const engine = await services.engines.get(base.engine?.name ?? '');
  if (engine) return engine;
  throw new Refused(422, 'No such engine', `There is no engine “${base.engine?.name ?? ''}”.`);
}

function notPossible(problems: FieldProblem[]): Refused {
  return new Refused(422, 'That is not possible', firstOf(problems), { problems });
}

function jsonIn(request: Request, field: string): object {
  try {
    const parsed: unknown = JSON.parse(textOf(request, field));
    // What is in it is checked by whoever accepts it; here only that it is something.
    if (parsed !== null && typeof parsed === 'object') return parsed;
  } catch {
    // Said below, for both kinds of nonsense.
  }
  throw new Refused(400, 'The form is broken', 'What the form carried along cannot be read.', {
    hint: 'Go back to the job and begin again.',
  });
}
