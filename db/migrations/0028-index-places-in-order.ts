import { createIndex } from '../table.ts';

export const { up, down } = createIndex('places_in_order', 'places', 'cloud, asked_at_ms, holder_id');
