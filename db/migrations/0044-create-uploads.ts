import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'uploads',
  `
  id varchar(36) not null primary key,
  workspace_id varchar(64) not null,
  owner varchar(191) not null,
  name varchar(255) not null,
  url text,
  bytes_total bigint,
  bytes_received bigint not null default 0,
  options_json longtext not null,
  state varchar(16) not null,
  dataset_id varchar(36),
  failure_json longtext,
  created_at_ms bigint not null,
  changed_at_ms bigint not null
  `,
);
