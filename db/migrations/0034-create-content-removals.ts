import { createTable } from '../table.ts';

/** Contents of datasets whose files are being removed just now: whoever needs one of them waits until it is over. */
export const { up, down } = createTable(
  'content_removals',
  `
  content_hash varchar(64) not null primary key,
  began_at_ms bigint not null
  `,
);
