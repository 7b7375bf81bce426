import { z } from 'zod';

export const taskKinds = ['binary', 'multiclass', 'regression', 'multilabel'] as const;
export type TaskKind = (typeof taskKinds)[number];

export const taskWords: Record<TaskKind, string> = {
  binary: 'one of two classes',
  multiclass: 'one of several classes',
  regression: 'a number',
  multilabel: 'several yes-or-no columns',
};

interface MetricRule {
  name: string;
  title: string;
  tasks: readonly TaskKind[];
  higherIsBetter: boolean;
}

/** The metrics that an engine can choose by and report. The first that fits a task is its default. */
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
  { name: 'roc_auc_mean', title: 'ROC AUC (mean of the labels)', tasks: ['multilabel'], higherIsBetter: true },
  { name: 'log_loss_mean', title: 'Log loss (mean of the labels)', tasks: ['multilabel'], higherIsBetter: false },
  { name: 'subset_accuracy', title: 'Accuracy (all labels right)', tasks: ['multilabel'], higherIsBetter: true },
] as const satisfies readonly MetricRule[];

export type MetricName = (typeof metrics)[number]['name'];

export function metricsOf(task: TaskKind): MetricRule[] {
  return metrics.filter((metric: MetricRule) => metric.tasks.includes(task));
}

export function metricRule(name: string): MetricRule | undefined {
  return metrics.find((metric) => metric.name === name);
}

export function defaultMetric(task: TaskKind): MetricName {
  const defaults = {
    binary: 'roc_auc',
    multiclass: 'log_loss',
    regression: 'rmse',
    multilabel: 'roc_auc_mean',
  } as const;
  return defaults[task];
}

/** How a person reads what models are chosen by: where nobody chose, what fits the task, as the trainer decides it too. */
export function metricTitle({ kind, metric }: { kind: TaskKind; metric: MetricName | null }): string {
  const name = metric ?? defaultMetric(kind);
  return metricRule(name)?.title ?? name;
}

/** As the trainer has it: see trainer/contract.py. */
export const fewestLabels = 2;
const mostLabels = 100;

/** What to predict: one column, or several where each is yes or no. */
export const taskSchema = z
  .object({
    kind: z.enum(taskKinds, { error: 'Choose what is to be predicted.' }),
    labels: z
      .array(z.string().min(1))
      .min(1, 'Choose the column to predict.')
      .max(mostLabels, `At most ${mostLabels} columns can be predicted at once.`),
    metric: z
      .enum(metrics.map((metric) => metric.name) as [MetricName, ...MetricName[]], {
        error: 'Choose one of the metrics.',
      })
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
    if (task.kind !== 'multilabel' || task.labels.length === 0) return;
    const wrong = (message: string) => context.addIssue({ code: 'custom', path: ['labels'], message });
    if (task.labels.length < fewestLabels) wrong('Choose at least two columns, each of them yes or no.');
    const double = task.labels.find((name, n) => task.labels.indexOf(name) !== n);
    if (double !== undefined) wrong(`“${double}” is chosen twice. Choose each column once.`);
  });

export type Task = z.infer<typeof taskSchema>;
