import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'log_chunks',
  `
  holder_kind varchar(16) not null,
  holder_id varchar(36) not null,
  first_line bigint not null,
  line_count bigint not null,
  bytes bigint not null,
  object varchar(255) not null,
  primary key (holder_kind, holder_id, first_line)
  `,
);
