import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { useOf } from '../../activities/workspace-use.ts';
import { checkLabelAndSplit, checkTraining, trainingNotes } from '../../domain/check-training.ts';
import { checkImages, type KnownColumn } from '../../domain/check-images.ts';
import type { DatasetProfile } from '../../domain/dataset.ts';
import { checkSettings, continuingSentence, type Engine } from '../../domain/engine.ts';
import { bucketNameOf, machineNameOf } from '../../domain/ids.ts';
import { completeLimits, type JobRequest, jobRequestSchema, type JobSpec } from '../../domain/job-spec.ts';
import { formatMoney } from '../../domain/money.ts';
import { needsBudget } from '../../domain/prices.ts';
import { taskWords } from '../../domain/task.ts';
import { tooMuchForMonth } from '../../domain/workspace-limits.ts';
import type { Cloud, MachineType } from '../../infra/cloud.ts';
import { cloudNow, inWords } from './cloud-now.ts';
import { engineFindings } from './engine-findings.ts';
import { checkJobRecipe, type FittingRecipe } from './job-recipe.ts';
import type { ServiceOptions } from './options.ts';
import { preflight } from './preflight.ts';
import { problemsIn } from './request-problems.ts';
import { profileOf, specOf } from './row-views.ts';
import type { HealthService, JobCheck, Who } from './services.ts';
import { durationInWords } from './sizes.ts';
import type { FieldProblem, WorstCase } from './views.ts';
import { worstCaseOf } from './worst-case.ts';

/** A misspelt field must not be taken for "as usual". */
const requestSchema = jobRequestSchema.strict();

export type ParsedRequest = { request: JobRequest } | { problems: FieldProblem[] };

export function parseRequest(given: unknown): ParsedRequest {
  const result = requestSchema.safeParse(given);
  return result.success ? { request: result.data } : { problems: problemsIn(result.error) };
}

/**
 * The same without what does not fit, where it has a usual value: all else that is wrong is then told in the same round.
 * Undefined where too much is missing to look at.
 */
function restOf(given: unknown, problems: readonly FieldProblem[]): JobRequest | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const rest = structuredClone(given) as Record<string, unknown>;
  for (const { field } of problems) {
    const [part = '', name, ...deeper] = field.split('.');
    if (part === 'name') rest['name'] = 'unnamed';
    const fields = rest[part];
    if ((part !== 'limits' && part !== 'split') || !name || deeper.length > 0) continue;
    if (typeof fields === 'object' && fields !== null) delete (fields as Record<string, unknown>)[name];
  }
  const parsed = parseRequest(rest);
  return 'request' in parsed ? parsed.request : undefined;
}

interface LookedAt {
  problems: FieldProblem[];
  notes: string[];
  /** The version of the recipe that prepares the data. */
  recipeVersion: number | null;
  /** What will be learned from, the label among it. */
  columns: readonly KnownColumn[];
  /** Of the dataset as it came. */
  profile?: DatasetProfile;
}

/** Everything that can be known before a machine is paid for. */
export function jobChecker(options: ServiceOptions, health: HealthService) {
  const { stores, engines, clouds } = options;

  const lookAtData = async (who: Who, request: JobRequest): Promise<LookedAt> => {
    const { recipeId } = request;
    const nothing = { notes: [], recipeVersion: null, columns: [] };
    const wrong = (field: string, message: string) => ({ problems: [{ field, message }], ...nothing });
    const dataset = await stores.datasets.get(who.workspaceId, request.datasetId);
    if (!dataset) return wrong('datasetId', 'There is no such dataset; it may have been removed.');
    const profile = profileOf(dataset);
    if (recipeId !== null) {
      const checked = await checkJobRecipe(options, who, request, dataset);
      return 'problems' in checked
        ? { problems: checked.problems, ...nothing }
        : { ...afterRecipe(checked, request, profile), profile };
    }
    if (request.recipeVersion !== null) return wrong('recipeVersion', 'Say which recipe it is a version of.');
    return {
      problems: checkTraining({ ...request, profile }),
      notes: trainingNotes(profile, request.task),
      recipeVersion: null,
      columns: profile.columns,
      profile,
    };
  };

  const engineProblems = async (engine: Engine | undefined, request: JobRequest): Promise<FieldProblem[]> => {
    if (!engine) {
      const known = (await engines.describe()).map(({ name }) => name).join(', ');
      return [{ field: 'engine.name', message: `There is no engine “${request.engine.name}”. There are: ${known}.` }];
    }
    const { problems } = checkSettings(engine, request.engine.settings);
    const found = problems.map(({ setting, message }) => ({ field: `engine.settings.${setting}`, message }));
    if (!engine.tasks.includes(request.task.kind)) {
      const message = `${engine.title} cannot predict ${taskWords[request.task.kind]}.`;
      found.push({ field: 'task.kind', message });
    }
    return found;
  };

  const continueProblems = async (
    who: Who,
    request: JobRequest,
    engine: Engine | undefined,
  ): Promise<FieldProblem[]> => {
    if (request.continuesJobId === null) return [];
    const wrong = (message: string) => [{ field: 'continuesJobId', message }];
    const from = await stores.jobs.get(who.workspaceId, request.continuesJobId);
    if (!from) return wrong('There is no such job to continue; it may have been removed.');
    const model = await stores.models.findByJob(from.id);
    if (!model || model.deleted_at_ms !== null) return wrong(`The job “${from.name}” has no model to continue from.`);
    if (from.engine !== request.engine.name) {
      const made = (await engines.describe()).find(({ name }) => name === from.engine)?.title ?? from.engine;
      return wrong(`The model of “${from.name}” was made by ${made}, and only that can continue it. Choose it again.`);
    }
    if (engine && !engine.continues) return wrong(`${engine.title} cannot continue from an earlier model.`);
    return sameRecipe(specOf(from), request);
  };

  /** What it continues says how the data is prepared and divided, where a recipe learned from a part of it. */
  const asContinued = async (who: Who, request: JobRequest): Promise<JobRequest> => {
    if (request.continuesJobId === null || request.recipeId === null) return request;
    const from = await stores.jobs.get(who.workspaceId, request.continuesJobId);
    if (!from) return request;
    const { recipeId, recipeVersion, split } = specOf(from);
    if (recipeId !== request.recipeId) return request;
    return { ...request, split, recipeVersion: request.recipeVersion ?? recipeVersion };
  };

  const machineFor = async (
    request: JobRequest,
  ): Promise<{ machine?: MachineType; types: MachineType[]; problems: FieldProblem[] }> => {
    const { types, problem } = await cloudNow(clouds, request.machine.cloud);
    if (problem !== null) return { types: [], problems: [{ field: 'machine.cloud', message: problem }] };
    const machine = types.find(({ name }) => name === request.machine.type);
    if (machine) {
      const cloud = clouds.find(({ name }) => name === request.machine.cloud);
      const found = [...spotProblems(request, machine), ...sshProblems(request, cloud)];
      if (found.length > 0) return { machine, types, problems: found };
      const obstacle = await cloud?.obstacleTo?.(machine.name);
      const message = obstacle && inWords(obstacle);
      return { machine, types, problems: message === undefined ? [] : [{ field: 'machine.cloud', message }] };
    }
    const known = types.map(({ name }) => name).join(', ');
    const message = `There is no machine type “${request.machine.type}”. There are: ${known}.`;
    return { types, problems: [{ field: 'machine.type', message }] };
  };

  const moneyProblems = async (spec: JobSpec, machine: MachineType, worst: WorstCase): Promise<FieldProblem[]> => {
    const without = budgetProblems(spec, machine, worst);
    if (without.length > 0 || !options.workspaceLimits) return without;
    const use = await useOf(stores, { workspaceId: spec.workspaceId, nowMs: (options.now ?? Date.now)() });
    const message = tooMuchForMonth(options.workspaceLimits, use, worst.extendedMicros);
    return message === undefined ? [] : [{ field: 'limits.budgetMicros', message }];
  };

  /** All that is wrong with the parts of a request, each looked at by itself. */
  const look = async (who: Who, request: JobRequest) => {
    const engine = (await engines.describe()).find(({ name }) => name === request.engine.name);
    const [disk, data, ofEngine, ofContinuing, { machine, types, problems: ofMachine }] = await Promise.all([
      health.lowDisk(),
      lookAtData(who, request),
      engineProblems(engine, request),
      continueProblems(who, request, engine),
      machineFor(request),
    ]);
    const { columns } = data;
    const { task, ignoredColumns } = request;
    const ofImages = engine
      ? checkImages({ columns, engine, engines: await engines.describe(), labels: task.labels, ignoredColumns })
      : [];
    const problems = [...data.problems, ...ofImages, ...ofEngine, ...ofContinuing, ...ofMachine];
    if (disk !== undefined) problems.unshift({ field: '', message: disk });
    return { engine, data, columns, machine, types, problems };
  };

  return async (who: Who, given: unknown, trials?: readonly JobSpec['engine']['settings'][]): Promise<JobCheck> => {
    const parsed = parseRequest(given);
    if ('problems' in parsed) {
      const rest = restOf(given, parsed.problems);
      const found = rest ? (await look(who, await asContinued(who, rest))).problems : [];
      return { problems: [...parsed.problems, ...found], warnings: [], creates: [] };
    }
    const request = await asContinued(who, parsed.request);
    const { engine, data, columns, machine, types, problems } = await look(who, request);
    const warnings = [...data.notes];
    if (problems.length > 0 || !engine || !machine) return { problems, warnings, creates: [] };
    const { settings } = checkSettings(engine, request.engine.settings);
    const needed = data.profile && preflight({ request, profile: data.profile, engine, machine, types });
    if (needed && needed.problems.length > 0) return { problems: needed.problems, warnings, creates: [] };
    const spec: JobSpec = {
      ...request,
      id: request.id ?? randomUUID(),
      workspaceId: who.workspaceId,
      owner: who.owner,
      recipeVersion: data.recipeVersion,
      engine: { name: engine.name, settings },
      limits: completeLimits(request.limits),
    };
    const { problems: found, time } = await engineFindings(options, {
      ...{ spec, columns, machine, profile: data.profile },
      trials: trials?.map((each) => checkSettings(engine, { ...settings, ...each }).settings) ?? [settings],
    });
    // Asked once more, knowing what the engine makes of settings and data.
    const estimated = data.profile && preflight({ request, profile: data.profile, engine, machine, types, time });
    warnings.push(
      ...(estimated?.warnings ?? []),
      ...setUpWarnings(clouds.find(({ name }) => name === request.machine.cloud)),
    );
    if (trials === undefined && found[0]) return { problems: [found[0]], warnings, creates: [] };
    const worstCase = worstCaseOf(spec, machine, types);
    // Of trials the shared budget is asked for, and weighed.
    const ofMoney = trials === undefined ? await moneyProblems(spec, machine, worstCase) : [];
    if (ofMoney.length > 0) return { problems: ofMoney, warnings, creates: [], worstCase };
    if (request.continuesJobId !== null) {
      // Of trials each may choose otherwise.
      const goesOn = continuingSentence(engine, trials === undefined ? settings : {});
      if (goesOn !== null) warnings.push(goesOn);
    }
    if (!isDeepStrictEqual(request.split, parsed.request.split)) {
      warnings.push('Split and seed are those of the job that it continues: the held-out rows have to stay unseen.');
    }
    if (!(await options.engines.isReady(engine.name))) warnings.push(firstUse(engine));
    return {
      ...{ spec, problems: [], warnings, creates: createsOf(spec, machine) },
      worstCase,
      needsBudget: needsBudget(spec.machine.cloud, machine),
      ...(estimated?.estimate ? { estimate: estimated.estimate } : {}),
      ...(trials === undefined ? {} : { trialProblems: found }),
    };
  };
}

/** The values of the label are known before the recipe is carried out only where it leaves them all as they are. */
function afterRecipe(
  { version, keepsLabels, columns: left, warnings }: FittingRecipe,
  request: JobRequest,
  profile: DatasetProfile,
): LookedAt {
  const { task, split } = request;
  const columns = left.map(({ name, type }) => ({ name, sqlType: type }));
  if (keepsLabels) {
    const problems = checkLabelAndSplit({ profile, task, split });
    return { problems, notes: [...warnings, ...trainingNotes(profile, task)], recipeVersion: version, columns };
  }
  const labels = task.labels.map((name) => `“${name}”`).join(', ');
  const note = `Steps of the recipe change ${labels} or may leave rows out: whether what is left can be learned from is checked when the data is prepared, before a machine is started.`;
  return { problems: [], notes: [...warnings, note], recipeVersion: version, columns };
}

function sameRecipe(from: JobSpec, request: JobRequest): FieldProblem[] {
  const isSame = from.recipeId === request.recipeId && (from.recipeVersion ?? null) === request.recipeVersion;
  if (isSame) return [];
  const how =
    from.recipeId === null
      ? 'its data was taken without a recipe. Take none here, either'
      : `its data was prepared by version ${from.recipeVersion} of a recipe. Take the same one`;
  const field = from.recipeId === request.recipeId ? 'recipeVersion' : 'recipeId';
  return [{ field, message: `The model to continue from would not know these rows: ${how}, or train afresh.` }];
}

function spotProblems(
  { machine: { spot } }: JobRequest,
  { title, spotPricePerHourMicros }: MachineType,
): FieldProblem[] {
  if (!spot || (spotPricePerHourMicros ?? null) !== null) return [];
  return [{ field: 'machine.spot', message: `${title} is not offered as a spot machine. Take it on demand.` }];
}

function setUpWarnings(cloud: Cloud | undefined): string[] {
  if (cloud?.setUpSeconds === undefined) return [];
  const most = durationInWords(cloud.setUpSeconds);
  return [
    `Without an image of this trainer a machine sets itself up first: minutes, at most ${most}, that are billed and count as training time.`,
  ];
}

function sshProblems({ machine: { ssh } }: JobRequest, cloud: Cloud | undefined): FieldProblem[] {
  if (!ssh || cloud?.loginCommand) return [];
  const message = 'Nobody logs in to a machine here: its jobs are processes of this computer. Leave SSH access out.';
  return [{ field: 'machine.ssh', message }];
}

/** What a cloud bills must not be without an end; and it must cover what is left to a workspace. */
function budgetProblems(spec: JobSpec, machine: MachineType, { extendedMicros, sensibleBudgetMicros }: WorstCase) {
  if (spec.limits.budgetMicros !== null || !needsBudget(spec.machine.cloud, machine)) return [];
  const worst = `At worst this one costs ${formatMoney(extendedMicros)}`;
  const message = `A job on a machine that is billed needs a cap. ${worst}; ${formatMoney(sensibleBudgetMicros)} covers all of it.`;
  return [{ field: 'limits.budgetMicros', message }];
}

function firstUse({ title, environment }: Engine): string {
  const { downloadMegabytes, installSeconds } = environment;
  const size = `${Math.round(downloadMegabytes)} MB, about ${durationInWords(installSeconds)}`;
  return `${title} is used for the first time: it is downloaded and set up first (${size}).`;
}

/** What the confirm page lists: everything that will exist because of this job. */
function createsOf(spec: JobSpec, machine: MachineType): string[] {
  const holder = { kind: 'job', id: spec.id } as const;
  const { attempts, trainingSeconds } = spec.limits;
  const again = attempts > 1 ? `; if it is lost, another, up to ${attempts} in all` : '';
  const time = durationInWords(trainingSeconds);
  return [
    `a bucket “${bucketNameOf(holder)}” with a copy of the data, removed at the end`,
    'a signal channel for its events, removed at the end',
    `a machine “${machineNameOf({ ...holder, attempt: 1 })}”, ${machine.title}, that trains for at most ${time}${again}; removed at the end`,
    `a model “${spec.name}” with its report and log, kept until you remove them`,
  ];
}
