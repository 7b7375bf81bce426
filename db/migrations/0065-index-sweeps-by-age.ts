import { createIndex } from '../table.ts';

export const { up, down } = createIndex('sweeps_by_age', 'sweeps', 'workspace_id, accepted_at_ms');
