import { createIndex } from '../table.ts';

export const { up, down } = createIndex('uploads_by_change', 'uploads', 'state, changed_at_ms');
