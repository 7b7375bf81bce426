import { addColumn } from '../table.ts';

export const { up, down } = addColumn('predictions', 'worst_micros', 'bigint');
