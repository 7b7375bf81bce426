import { createIndex } from '../table.ts';

export const { up, down } = createIndex('timeline_of_holder', 'timeline', 'holder_kind, holder_id, id');
