import { addColumn } from '../table.ts';

export const { up, down } = addColumn('datasets', 'version', 'int not null default 1');
