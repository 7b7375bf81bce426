import { addColumn } from '../table.ts';

export const { up, down } = addColumn('jobs', 'sweep_id', 'varchar(36)');
