import { createIndex } from '../table.ts';

export const { up, down } = createIndex('datasets_by_family', 'datasets', 'family_id, version');
