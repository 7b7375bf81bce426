import { addColumn } from '../table.ts';

export const { up, down } = addColumn('datasets', 'made_by_preparation_id', 'varchar(36)');
