import { createIndex } from '../table.ts';

export const { up, down } = createIndex('predictions_by_phase', 'predictions', 'phase, accepted_at_ms');
