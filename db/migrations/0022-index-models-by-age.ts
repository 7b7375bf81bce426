import { createIndex } from '../table.ts';

export const { up, down } = createIndex('models_by_age', 'models', 'workspace_id, created_at_ms');
