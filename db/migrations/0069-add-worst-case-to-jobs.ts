import { addColumn } from '../table.ts';

export const { up, down } = addColumn('jobs', 'worst_micros', 'bigint');
