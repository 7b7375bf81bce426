import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'timeline',
  `
  id {serial},
  holder_kind varchar(16) not null,
  holder_id varchar(36) not null,
  at_ms bigint not null,
  kind varchar(16) not null,
  phase varchar(16),
  attempt int not null,
  text text not null,
  dedupe_key varchar(191) not null,
  constraint timeline_once unique (holder_kind, holder_id, dedupe_key)
  `,
);
