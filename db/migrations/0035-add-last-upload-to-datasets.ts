import { addColumn } from '../table.ts';

export const { up, down } = addColumn('datasets', 'last_uploaded_at_ms', 'bigint');
