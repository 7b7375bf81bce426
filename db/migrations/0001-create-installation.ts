import { createTable } from '../table.ts';

/** `only_one` lets two processes that start at once make one row, not two. */
export const { up, down } = createTable(
  'installation',
  `
  id varchar(64) not null primary key,
  schema_version int not null,
  created_at_ms bigint not null,
  restored_at_ms bigint,
  only_one tinyint not null default 1 unique
  `,
);
