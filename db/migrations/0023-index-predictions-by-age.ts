import { createIndex } from '../table.ts';

export const { up, down } = createIndex('predictions_by_age', 'predictions', 'workspace_id, accepted_at_ms');
