import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'datasets',
  `
  id varchar(36) not null primary key,
  workspace_id varchar(64) not null,
  owner varchar(191) not null,
  name varchar(255) not null,
  content_hash varchar(64) not null,
  bytes bigint not null,
  row_count bigint not null,
  column_count int not null,
  profile_json longtext not null,
  created_at_ms bigint not null,
  deleted_at_ms bigint
  `,
);
