import { createIndex } from '../table.ts';

export const { up, down } = createIndex('datasets_by_hash', 'datasets', 'content_hash, workspace_id');
