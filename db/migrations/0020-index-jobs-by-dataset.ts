import { createIndex } from '../table.ts';

export const { up, down } = createIndex('jobs_by_dataset', 'jobs', 'dataset_id');
