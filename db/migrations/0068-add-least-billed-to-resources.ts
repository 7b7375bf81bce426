import { addColumn } from '../table.ts';

export const { up, down } = addColumn('resources', 'billed_at_least_seconds', 'int not null default 0');
