import { z } from 'zod';

export const taskKinds = ['binary', 'multiclass', 'regression'] as const;
export type TaskKind = (typeof taskKinds)[number];

export const taskWords: Record<TaskKind, string> = {
  binary: 'one of two classes',
  multiclass: 'one of several classes',
  regression: 'a number',
};

interface MetricRule {
  name: string;
  title: string;
  tasks: readonly TaskKind[];
  higherIsBetter: boolean;
}

/** The metrics that every table engine can choose by and report. The first that fits a task is its default. */
export const metrics = [
  { name: 'roc_auc', title: 'ROC AUC', tasks: ['binary'], higherIsBetter: true },
  { name: 'log_loss', title: 'Log loss', tasks: ['multiclass', 'binary'], higherIsBetter: false },
  { name: 'accuracy', title: 'Accuracy', tasks: ['binary', 'multiclass'], higherIsBetter: true },
  { name: 'balanced_accuracy', title: 'Balanced accuracy', tasks: ['binary', 'multiclass'], higherIsBetter: true },
  { name: 'f1', title: 'F1', tasks: ['binary'], higherIsBetter: true },
  { name: 'f1_macro', title: 'F1 (macro)', tasks: ['multiclass'], higherIsBetter: true },
  { name: 'rmse', title: 'RMSE', tasks: ['regression'], higherIsBetter: false },
  { name: 'mae', title: 'MAE', tasks: ['regression'], higherIsBetter: false },
  { name: 'mse', title: 'MSE', tasks: ['regression'], higherIsBetter: false },
  { name: 'r2', title: 'R²', tasks: ['regression'], higherIsBetter: true },
] as const satisfies readonly MetricRule[];

export type MetricName = (typeof metrics)[number]['name'];

export function metricsOf(task: TaskKind): MetricRule[] {
  return metrics.filter((metric: MetricRule) => metric.tasks.includes(task));
}

export function metricRule(name: string): MetricRule | undefined {
  return metrics.find((metric) => metric.name === name);
}

export function defaultMetric(task: TaskKind): MetricName {
  return { binary: 'roc_auc', multiclass: 'log_loss', regression: 'rmse' }[task] as MetricName;
}

/** How a person reads what models are chosen by: where nobody chose, what fits the task, as the trainer decides it too. */
export function metricTitle({ kind, metric }: { kind: TaskKind; metric: MetricName | null }): string {
  const name = metric ?? defaultMetric(kind);
  return metricRule(name)?.title ?? name;
}

/** What to predict. The labels are a list from the first day; table engines take exactly one. */
export const taskSchema = z
  .object({
    kind: z.enum(taskKinds),
    labels: z.array(z.string().min(1)).min(1, 'Choose the column to predict.').max(100),
    metric: z
      .enum(metrics.map((metric) => metric.name) as [MetricName, ...MetricName[]])
      .nullable()
      .default(null),
    positiveClass: z.string().nullable().default(null),
  })
  .superRefine((task, context) => {
    const rule = task.metric && metricRule(task.metric);
    if (rule && !rule.tasks.includes(task.kind)) {
      const message = `${rule.title} does not fit a task that predicts ${taskWords[task.kind]}.`;
      context.addIssue({ code: 'custom', path: ['metric'], message });
    }
  });

export type Task = z.infer<typeof taskSchema>;
