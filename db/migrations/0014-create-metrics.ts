import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'metrics',
  `
  id {serial},
  job_id varchar(36) not null,
  attempt int not null,
  seq bigint not null,
  at_ms bigint not null,
  name varchar(191) not null,
  step double not null,
  value double,
  unit varchar(64),
  higher_is_better tinyint,
  constraint metrics_once unique (job_id, attempt, seq)
  `,
);
