import { addColumn } from '../table.ts';

export const { up, down } = addColumn('attempts', 'checkpoint_json', 'text');
