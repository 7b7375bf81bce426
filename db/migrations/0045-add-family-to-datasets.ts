import { addColumn } from '../table.ts';

export const { up, down } = addColumn('datasets', 'family_id', 'varchar(36)');
