import { randomUUID } from 'node:crypto';
import type { Database } from '../../db/database.ts';
import type { Tables } from '../../db/tables.ts';
import type { ColumnProfile } from '../../domain/dataset.ts';
import { bucketNameOf, type HolderKind, machineNameOf } from '../../domain/ids.ts';
import { jobSpecSchema, type JobRequestInput } from '../../domain/job-spec.ts';
import type { Phase } from '../../domain/phases.ts';
import { predictionSpecSchema } from '../../domain/prediction-spec.ts';
import { reportOfChurn } from './seed-report.ts';

type Row<Name extends keyof Tables> = Tables[Name];

/** Puts rows where a running Trainyard would have put them, so that a page can be looked at in any state. */
export interface Seed {
  nowMs: number;
  dataset(given?: Partial<Row<'datasets'>> & { columns?: ColumnProfile[] }): Promise<Row<'datasets'>>;
  job(
    given?: Partial<Row<'jobs'>> & { dataset?: Row<'datasets'>; request?: Partial<JobRequestInput> },
  ): Promise<Row<'jobs'>>;
  model(job: Row<'jobs'>, given?: Partial<Row<'models'>> & { report?: object }): Promise<Row<'models'>>;
  prediction(
    model: Row<'models'>,
    dataset: Row<'datasets'>,
    given?: Partial<Row<'predictions'>>,
  ): Promise<Row<'predictions'>>;
  attempt(kind: HolderKind, id: string, attempt: number, given?: Partial<Row<'attempts'>>): Promise<void>;
  resources(kind: HolderKind, id: string, attempt: number, given?: Partial<Row<'resources'>>): Promise<void>;
  /** Phases with the seconds since acceptance at which they began, and the attempt. */
  phases(kind: HolderKind, id: string, beganMs: number, entered: [Phase, number, number?][]): Promise<void>;
  note(kind: HolderKind, id: string, atMs: number, text: string, how?: Row<'timeline'>['kind']): Promise<void>;
  place(kind: HolderKind, id: string, askedAtMs: number, grantedAtMs: number | null): Promise<void>;
  leaderboard(
    jobId: string,
    entries: { model: string; atMs: number; validation: number; [more: string]: unknown }[],
  ): Promise<void>;
  metric(jobId: string, name: string, values: number[], given?: Partial<Row<'metrics'>>): Promise<void>;
  log(
    kind: HolderKind,
    id: string,
    lines: [atMs: number, source: 'o' | 'e' | 'm' | 'p', text: string][],
  ): Promise<void>;
}

export function seedInto(database: Database, nowMs = Date.now()): Seed {
  const insert = async <Name extends keyof Tables>(table: Name, row: Omit<Tables[Name], 'id'>): Promise<void> => {
    await database.run(undefined, (db) => db(table as string).insert(row));
  };
  const logged = new Map<string, number>();
  let event = 0;

  return {
    nowMs,
    async dataset({ columns = churnColumns, ...given } = {}) {
      const id = given.id ?? randomUUID();
      const row: Row<'datasets'> = {
        id,
        workspace_id: 'default',
        owner: 'ada',
        name: 'customers.csv',
        content_hash: id.replaceAll('-', '').padEnd(64, '0'),
        bytes: 1_482_113,
        row_count: 10_000,
        column_count: columns.length,
        profile_json: JSON.stringify({ rows: given.row_count ?? 10_000, columns }),
        created_at_ms: nowMs - 3_600_000,
        deleted_at_ms: null,
        family_id: null,
        version: 1,
        table_name: 'data',
        import_json: null,
        made_by_preparation_id: null,
        last_uploaded_at_ms: null,
        ...given,
      };
      await insert('datasets', row);
      return row;
    },

    async job({ dataset, request, ...given } = {}) {
      const id = given.id ?? randomUUID();
      const datasetId = dataset?.id ?? given.dataset_id ?? randomUUID();
      const spec = jobSpecSchema.parse({
        id,
        workspaceId: 'default',
        owner: 'ada',
        name: given.name ?? 'churn-spring',
        datasetId,
        task: { kind: 'binary', labels: ['churned'], metric: 'roc_auc' },
        engine: { name: 'autogluon', settings: {} },
        limits: { trainingSeconds: 1200, budgetMicros: 2_000_000 },
        ...request,
      });
      const row: Row<'jobs'> = {
        id,
        workspace_id: 'default',
        owner: 'ada',
        name: spec.name,
        dataset_id: datasetId,
        engine: spec.engine.name,
        continues_job_id: null,
        spec_json: JSON.stringify(spec),
        phase: 'queued',
        sentence: 'Waiting for a place in the yard.',
        outcome: null,
        reason: null,
        failure_type: null,
        attempt: 1,
        version: 1,
        accepted_at_ms: nowMs - 900_000,
        started_at_ms: nowMs - 900_000,
        done_at_ms: null,
        cancel_asked_at_ms: null,
        stop_asked_at_ms: null,
        cost_micros: null,
        cost_is_final: 0,
        worst_micros: null,
        price_list_date: null,
        deleted_at_ms: null,
        idempotency_key: null,
        request_hash: null,
        progress_json: null,
        training_deadline_ms: null,
        log_deleted_at_ms: null,
        sweep_id: null,
        sweep_trial: null,
        ...given,
      };
      await insert('jobs', row);
      return row;
    },

    async model(job, { report, ...given } = {}) {
      const row: Row<'models'> = {
        id: randomUUID(),
        workspace_id: 'default',
        owner: 'ada',
        job_id: job.id,
        name: job.name,
        engine: job.engine,
        archive_hash: 'c0ffee'.padEnd(64, '0'),
        archive_bytes: 18_400_000,
        signature_json: JSON.stringify({ keyId: '5f0c2a', signature: 'x' }),
        input_schema_json: JSON.stringify(
          churnColumns.map(({ name, sqlType }) => ({
            name,
            sqlType,
            role: name === 'churned' ? 'label' : 'feature',
          })),
        ),
        report_json: JSON.stringify(report ?? reportOfChurn),
        metric: 'roc_auc',
        validation_score: 0.9412,
        test_score: 0.9367,
        created_at_ms: job.done_at_ms ?? nowMs,
        deleted_at_ms: null,
        ...given,
      };
      await insert('models', row);
      return row;
    },

    async prediction(model, dataset, given = {}) {
      const id = given.id ?? randomUUID();
      const spec = predictionSpecSchema.parse({
        id,
        workspaceId: 'default',
        owner: 'ada',
        modelId: model.id,
        datasetId: dataset.id,
        engine: model.engine,
      });
      const row: Row<'predictions'> = {
        id,
        workspace_id: 'default',
        owner: 'ada',
        model_id: model.id,
        dataset_id: dataset.id,
        spec_json: JSON.stringify(spec),
        phase: 'queued',
        sentence: 'Waiting for a place in the yard.',
        outcome: null,
        reason: null,
        failure_type: null,
        attempt: 1,
        version: 1,
        accepted_at_ms: nowMs - 60_000,
        started_at_ms: nowMs - 60_000,
        done_at_ms: null,
        cancel_asked_at_ms: null,
        stop_asked_at_ms: null,
        cost_micros: null,
        cost_is_final: 0,
        worst_micros: null,
        price_list_date: null,
        deleted_at_ms: null,
        progress_json: null,
        row_count: null,
        output_hash: null,
        preview_json: null,
        ...given,
      };
      await insert('predictions', row);
      return row;
    },

    attempt: (kind, id, attempt, given = {}) =>
      insert('attempts', {
        holder_kind: kind,
        holder_id: id,
        attempt,
        machine_name: machineNameOf({ kind, id, attempt }),
        machine_type: 'n1-standard-8 + T4',
        cloud: 'gcp',
        spot: 1,
        price_per_hour_micros: 380_000,
        price_list_date: '2026-11-01',
        ends_at_ms: nowMs + 1_800_000,
        deadline_at_ms: nowMs + 1_200_000,
        limited_by: 'time',
        started_at_ms: nowMs - 700_000,
        ended_at_ms: null,
        ended_because: null,
        heartbeat_json: null,
        hello_json: null,
        last_heard_at_ms: null,
        checkpoint_json: null,
        zone: null,
        ...given,
      }),

    async resources(kind, id, attempt, given = {}) {
      const machine: Row<'resources'> = {
        holder_kind: kind,
        holder_id: id,
        kind: 'machine',
        attempt,
        name: machineNameOf({ kind, id, attempt }),
        cloud: 'local',
        state: 'created',
        price_per_hour_micros: 380_000,
        disk_price_per_hour_micros: 0,
        billed_at_least_seconds: 0,
        intended_at_ms: nowMs - 700_000,
        started_at_ms: nowMs - 690_000,
        ended_at_ms: null,
        gone_confirmed_at_ms: null,
        removal_asked_at_ms: null,
        last_problem: null,
        ...given,
      };
      await insert('resources', machine);
      if (attempt > 1) return;
      const name = bucketNameOf({ kind, id });
      await insert('resources', { ...machine, kind: 'bucket', attempt: 0, name, price_per_hour_micros: 0 });
    },

    async phases(kind, id, beganMs, entered) {
      for (const [index, [phase, seconds, attempt = 1]] of entered.entries()) {
        await insert('timeline', {
          holder_kind: kind,
          holder_id: id,
          at_ms: beganMs + seconds * 1000,
          kind: 'phase',
          phase,
          attempt,
          text: `Entered ${phase}.`,
          dedupe_key: `phase-${index}`,
        });
      }
    },

    note: (kind, id, atMs, text, how = 'note') =>
      insert('timeline', {
        holder_kind: kind,
        holder_id: id,
        at_ms: atMs,
        kind: how,
        phase: null,
        attempt: 1,
        text,
        dedupe_key: `note-${(event += 1)}`,
      }),

    place: (kind, id, askedAtMs, grantedAtMs) =>
      insert('places', {
        holder_kind: kind,
        holder_id: id,
        workspace_id: 'default',
        cloud: 'local',
        asked_at_ms: askedAtMs,
        granted_at_ms: grantedAtMs,
      }),

    async leaderboard(jobId, entries) {
      for (const { model, atMs, ...more } of entries) {
        event += 1;
        const told = {
          type: 'leaderboard',
          seq: event,
          atMs,
          model,
          metric: 'roc_auc',
          higherIsBetter: true,
          interval: 0.006,
          fitSeconds: 48,
          predictMsPer1000: 9,
          baseline: false,
          secondsUsed: null,
          secondsLeft: null,
          ...more,
        };
        await insert('leaderboard', {
          job_id: jobId,
          attempt: 1,
          seq: event,
          at_ms: atMs,
          model,
          event_json: JSON.stringify(told),
        });
      }
    },

    async metric(jobId, name, values, given = {}) {
      for (const [step, value] of values.entries()) {
        event += 1;
        await insert('metrics', {
          job_id: jobId,
          attempt: 1,
          seq: event,
          at_ms: nowMs,
          name,
          step,
          value,
          unit: null,
          higher_is_better: 0,
          ...given,
        });
      }
    },

    async log(kind, id, lines) {
      const first = (logged.get(id) ?? 0) + 1;
      logged.set(id, first - 1 + lines.length);
      const kept = lines.map(([atMs, source, text]) => [atMs, source, 1, text]);
      const json = JSON.stringify(kept);
      await insert('log_tail', {
        holder_kind: kind,
        holder_id: id,
        first_line: first,
        line_count: lines.length,
        bytes: json.length,
        lines_json: json,
      });
    },
  };
}

function column(given: Partial<ColumnProfile> & Pick<ColumnProfile, 'name' | 'type' | 'sqlType'>): ColumnProfile {
  return { missing: 0, distinct: 2, min: null, max: null, mean: null, top: [], histogram: [], remarks: [], ...given };
}

export const churnColumns: ColumnProfile[] = [
  column({
    name: 'tenure',
    type: 'whole number',
    sqlType: 'BIGINT',
    distinct: 72,
    min: '0',
    max: '72',
    mean: 29.3,
    histogram: [18, 11, 4, 2, 7, 12, 17, 21],
  }),
  column({
    name: 'plan',
    type: 'text',
    sqlType: 'VARCHAR',
    distinct: 3,
    top: [
      { value: 'basic', count: 5200 },
      { value: 'premium', count: 3100 },
      { value: 'family', count: 1700 },
    ],
  }),
  column({
    name: 'signup',
    type: 'date',
    sqlType: 'DATE',
    missing: 40,
    distinct: 1800,
    min: '2019-01-02',
    max: '2026-01-30',
    histogram: [12, 10, 9, 11, 8, 7, 9, 6],
  }),
  column({
    name: 'monthly_fee',
    type: 'number',
    sqlType: 'DOUBLE',
    distinct: 912,
    min: '18.25',
    max: '118.75',
    mean: 64.76,
    histogram: [20, 12, 5, 9, 11, 15, 20, 22],
  }),
  column({
    name: 'customer_id',
    type: 'text',
    sqlType: 'VARCHAR',
    distinct: 10_000,
    top: [{ value: 'C-0001', count: 1 }],
    remarks: ['every value is different'],
  }),
  column({
    name: 'churned',
    type: 'text',
    sqlType: 'VARCHAR',
    distinct: 2,
    top: [
      { value: 'no', count: 7350 },
      { value: 'yes', count: 2650 },
    ],
  }),
];
