import { createIndex } from '../table.ts';

export const { up, down } = createIndex('resources_by_state', 'resources', 'state');
