import type { Engine } from '../../../domain/engine.ts';
import { formatMoney } from '../../../domain/money.ts';
import type { SweepSpec } from '../../../domain/sweep.ts';
import { variedIn } from '../../../domain/sweep-trials.ts';
import { settingWords } from '../../../domain/sweep-words.ts';
import type { SweepCheck } from '../../services/sweep-service.ts';
import type { FormValues } from '../job-form.ts';
import { formatMany } from '../plain-words.ts';

export interface SweepConfirmPage {
  name: string;
  requestJson: string;
  /** The form as it was, for who wants to change something; empty where there was none. */
  kept: { name: string; value: string }[];
  warnings: string[];
  creates: string[];
  worst: { each: string; all: string; sentence: string };
  columns: string[];
  trials: { number: number; values: string[]; seed: string }[];
  startWord: string;
}

/** Everything that will be made and what it may cost, beside the button that does it. */
export function sweepConfirmPage(
  spec: SweepSpec,
  { worstCase, warnings }: SweepCheck,
  given: { request: unknown; values: FormValues | null; baseJson: string; engine: Engine | undefined },
): SweepConfirmPage {
  const varied = variedIn(spec.search);
  const titleOf = (name: string) => given.engine?.settings.find((setting) => setting.name === name)?.title ?? name;
  const { values } = given;
  return {
    name: spec.name,
    requestJson: JSON.stringify(given.request),
    kept: values
      ? [
          { name: 'id', value: spec.id },
          { name: 'base', value: given.baseJson },
          ...Object.entries(values)
            .filter(([name]) => !['_csrf', 'id', 'base'].includes(name))
            .map(([name, value]) => ({ name, value: Array.isArray(value) ? (value.at(-1) ?? '') : value })),
        ]
      : [],
    warnings,
    creates: [
      `${formatMany(spec.trials.length, 'job')}, at most ${spec.parallel} of them open at once`,
      'for each a bucket, a signal channel and a machine, removed at its end',
      'for each a model with its report and log, kept until you remove them',
    ],
    worst: {
      each: formatMoney(worstCase?.trialMicros ?? 0),
      all: formatMoney(worstCase?.micros ?? 0),
      sentence: worstCase?.sentence ?? '',
    },
    columns: varied.map(titleOf),
    trials: spec.trials.map(({ number, settings, seed }) => ({
      number,
      values: varied.map((name) => settingWords(settings[name])),
      seed: String(seed),
    })),
    startWord: `Start ${formatMany(spec.trials.length, 'trial')}`,
  };
}
