import { addColumn } from '../table.ts';

export const { up, down } = addColumn('attempts', 'zone', 'varchar(64)');
