import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'sweeps',
  `
  id varchar(36) not null primary key,
  workspace_id varchar(64) not null,
  owner varchar(191) not null,
  name varchar(255) not null,
  dataset_id varchar(36) not null,
  engine varchar(64) not null,
  metric varchar(64) not null,
  spec_json longtext not null,
  trial_count int not null,
  idempotency_key varchar(191),
  request_hash varchar(64),
  phase varchar(16) not null,
  sentence text not null,
  outcome varchar(16),
  reason text,
  version bigint not null default 1,
  accepted_at_ms bigint not null,
  started_at_ms bigint,
  done_at_ms bigint,
  cancel_asked_at_ms bigint,
  stop_asked_at_ms bigint,
  deleted_at_ms bigint,
  constraint sweeps_idempotency unique (workspace_id, idempotency_key),
  constraint sweeps_dataset foreign key (dataset_id) references datasets (id)
  `,
);
