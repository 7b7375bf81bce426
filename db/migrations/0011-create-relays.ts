import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'relays',
  `
  holder_kind varchar(16) not null,
  holder_id varchar(36) not null,
  attempt int not null,
  epoch varchar(64) not null,
  seq bigint not null,
  first_heard_at_ms bigint,
  terminal_json longtext,
  primary key (holder_kind, holder_id, attempt)
  `,
);
