import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'workspaces',
  `
  id varchar(64) not null primary key,
  name varchar(191) not null,
  time_zone varchar(64) not null
  `,
);
