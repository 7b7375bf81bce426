import { type JobSpec, sideColumns } from './job-spec.ts';

/** In a job's bucket. */
export const recipeFolder = 'input/recipe';

/** What a trainer is told of a job (docs/trainer-contract.md): on its machine, and before there is one. */
export function trainerSpec(
  spec: Omit<JobSpec, 'id' | 'workspaceId' | 'owner' | 'name'>,
  columns: readonly { name: string; sqlType: string }[],
) {
  return {
    kind: 'train',
    engine: spec.engine.name,
    settings: spec.engine.settings,
    task: spec.task,
    weight: spec.weightColumn ?? null,
    columns: columns.map(({ name, sqlType }) => ({ ...roleOf(name, spec), name, sqlType })),
    split: spec.split,
    data: 'input/data.parquet',
    ...(spec.recipeId ? { recipe: recipeFolder } : {}),
    startFrom: spec.continuesJobId ? 'input/model.zip' : null,
  } as const;
}

function roleOf(name: string, spec: Pick<JobSpec, 'task' | 'ignoredColumns' | 'split' | 'weightColumn'>) {
  if (spec.task.labels.includes(name)) return { role: 'label' as const };
  const ignored = [...spec.ignoredColumns, ...sideColumns(spec)];
  return { role: ignored.includes(name) ? ('ignored' as const) : ('feature' as const) };
}
