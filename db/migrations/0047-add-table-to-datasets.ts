import { addColumn } from '../table.ts';

export const { up, down } = addColumn('datasets', 'table_name', `varchar(64) not null default 'data'`);
