import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'attempts',
  `
  holder_kind varchar(16) not null,
  holder_id varchar(36) not null,
  attempt int not null,
  machine_name varchar(63) not null,
  machine_type varchar(64) not null,
  cloud varchar(16) not null,
  spot tinyint not null,
  price_per_hour_micros bigint not null,
  ends_at_ms bigint not null,
  deadline_at_ms bigint not null,
  limited_by varchar(8) not null,
  started_at_ms bigint,
  ended_at_ms bigint,
  ended_because text,
  heartbeat_json longtext,
  hello_json longtext,
  last_heard_at_ms bigint,
  primary key (holder_kind, holder_id, attempt)
  `,
);
