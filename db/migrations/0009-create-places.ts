import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'places',
  `
  holder_kind varchar(16) not null,
  holder_id varchar(36) not null,
  workspace_id varchar(64) not null,
  cloud varchar(16) not null,
  asked_at_ms bigint not null,
  granted_at_ms bigint,
  primary key (holder_kind, holder_id)
  `,
);
