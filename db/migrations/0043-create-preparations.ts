import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'preparations',
  `
  id varchar(36) not null primary key,
  workspace_id varchar(64) not null,
  owner varchar(191) not null,
  name varchar(255) not null,
  recipe_id varchar(36) not null,
  recipe_version int not null,
  dataset_id varchar(36) not null,
  phase varchar(16) not null,
  sentence text not null,
  outcome varchar(16),
  reason text,
  failure_type varchar(64),
  version bigint not null default 1,
  rows_done bigint not null default 0,
  rows_total bigint,
  seconds_left bigint,
  accepted_at_ms bigint not null,
  started_at_ms bigint,
  done_at_ms bigint,
  cancel_asked_at_ms bigint,
  seen_at_ms bigint,
  output_dataset_id varchar(36),
  result_json longtext,
  deleted_at_ms bigint,
  constraint preparations_version foreign key (recipe_id, recipe_version) references recipe_versions (recipe_id, number),
  constraint preparations_dataset foreign key (dataset_id) references datasets (id)
  `,
);
