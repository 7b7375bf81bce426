import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'recipes',
  `
  id varchar(36) not null primary key,
  workspace_id varchar(64) not null,
  owner varchar(191) not null,
  name varchar(255) not null,
  dataset_id varchar(36) not null,
  steps_json longtext not null,
  position int not null,
  last_position int not null,
  latest_version int not null default 0,
  created_at_ms bigint not null,
  changed_at_ms bigint not null,
  deleted_at_ms bigint,
  constraint recipes_dataset foreign key (dataset_id) references datasets (id)
  `,
);
