import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'leaderboard',
  `
  id {serial},
  job_id varchar(36) not null,
  attempt int not null,
  seq bigint not null,
  at_ms bigint not null,
  model varchar(255) not null,
  event_json longtext not null,
  constraint leaderboard_once unique (job_id, attempt, seq)
  `,
);
