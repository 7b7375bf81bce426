import { createIndex } from '../table.ts';

export const { up, down } = createIndex('recipes_by_change', 'recipes', 'workspace_id, changed_at_ms, id');
