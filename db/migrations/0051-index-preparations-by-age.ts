import { createIndex } from '../table.ts';

export const { up, down } = createIndex('preparations_by_age', 'preparations', 'workspace_id, accepted_at_ms, id');
