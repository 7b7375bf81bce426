import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'models',
  `
  id varchar(36) not null primary key,
  workspace_id varchar(64) not null,
  owner varchar(191) not null,
  job_id varchar(36) not null,
  name varchar(255) not null,
  engine varchar(64) not null,
  archive_hash varchar(64) not null,
  archive_bytes bigint not null,
  signature_json longtext not null,
  input_schema_json longtext not null,
  report_json longtext not null,
  metric varchar(64) not null,
  validation_score double,
  test_score double,
  created_at_ms bigint not null,
  deleted_at_ms bigint,
  constraint models_job unique (job_id),
  constraint models_of_job foreign key (job_id) references jobs (id)
  `,
);
