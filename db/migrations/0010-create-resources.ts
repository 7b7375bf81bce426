import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'resources',
  `
  holder_kind varchar(16) not null,
  holder_id varchar(36) not null,
  kind varchar(16) not null,
  attempt int not null,
  name varchar(255) not null,
  cloud varchar(16) not null,
  state varchar(16) not null,
  price_per_hour_micros bigint not null,
  intended_at_ms bigint not null,
  started_at_ms bigint,
  ended_at_ms bigint,
  gone_confirmed_at_ms bigint,
  removal_asked_at_ms bigint,
  last_problem text,
  primary key (holder_kind, holder_id, kind, attempt)
  `,
);
