import { createIndex } from '../table.ts';

export const { up, down } = createIndex('datasets_by_age', 'datasets', 'workspace_id, created_at_ms');
