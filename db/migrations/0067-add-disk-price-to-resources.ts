import { addColumn } from '../table.ts';

export const { up, down } = addColumn('resources', 'disk_price_per_hour_micros', 'bigint not null default 0');
