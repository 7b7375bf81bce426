import { createIndex } from '../table.ts';

export const { up, down } = createIndex('predictions_by_dataset', 'predictions', 'dataset_id');
