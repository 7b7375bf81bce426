import { addColumn } from '../table.ts';

export const { up, down } = addColumn('datasets', 'import_json', 'longtext');
