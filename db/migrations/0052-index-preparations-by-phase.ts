import { createIndex } from '../table.ts';

export const { up, down } = createIndex('preparations_by_phase', 'preparations', 'phase, accepted_at_ms');
