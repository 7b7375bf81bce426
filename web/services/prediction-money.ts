import { formatMoney } from '../../domain/money.ts';
import type { PredictionSpec } from '../../domain/prediction-spec.ts';
import { needsBudget } from '../../domain/prices.ts';
import type { Cloud } from '../../infra/cloud.ts';
import { cloudNow, inWords } from './cloud-now.ts';
import type { FieldProblem, WorstCase } from './views.ts';
import { worstCaseOf } from './worst-case.ts';

/** What a prediction costs on the machine that it goes to, and what stands against it. */
export interface PredictionMoney {
  problems: FieldProblem[];
  /** None where there is no such machine any more. */
  worst: WorstCase | null;
  needsBudget: boolean;
}

type Asked = Pick<PredictionSpec, 'machine' | 'limits'>;

/** It never goes to a larger machine than the one that its model was trained on. */
export async function predictionMoney(clouds: readonly Cloud[], { machine, limits }: Asked): Promise<PredictionMoney> {
  const { types, problem } = await cloudNow(clouds, machine.cloud);
  const type = types.find(({ name }) => name === machine.type);
  if (!type) return { problems: [{ field: 'machine', message: problem ?? notOffered(machine) }], ...nothing };
  const obstacle = await clouds.find(({ name }) => name === machine.cloud)?.obstacleTo?.(type.name);
  if (obstacle) return { problems: [{ field: 'machine', message: inWords(obstacle) }], ...nothing };
  const { seconds, budgetMicros, ...rest } = limits;
  const asOfJob = { ...rest, trainingSeconds: seconds, longestSeconds: seconds, budgetMicros };
  const worst = worstCaseOf({ limits: asOfJob, machine }, type);
  const needed = needsBudget(machine.cloud, type);
  if (!needed || budgetMicros !== null) return { problems: [], worst, needsBudget: needed };
  const message = `A prediction on a machine that is billed needs a cap. At worst this one costs ${formatMoney(worst.micros)}; ${formatMoney(worst.sensibleBudgetMicros)} covers all of it.`;
  return { problems: [{ field: 'limits.budgetMicros', message }], worst, needsBudget: needed };
}

const nothing = { worst: null, needsBudget: false };

function notOffered({ cloud, type }: Asked['machine']): string {
  return `The model was trained on a machine “${type}” (${cloud}), which is not offered any more; a prediction runs on one like it. Have it offered again in the settings, or train the model anew on another machine.`;
}
