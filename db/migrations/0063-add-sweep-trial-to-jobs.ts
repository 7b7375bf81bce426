import { addColumn } from '../table.ts';

export const { up, down } = addColumn('jobs', 'sweep_trial', 'int');
