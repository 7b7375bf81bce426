import { addColumn } from '../table.ts';

export const { up, down } = addColumn('attempts', 'price_list_date', 'varchar(32)');
