import { createIndex } from '../table.ts';

export const { up, down } = createIndex('predictions_by_model', 'predictions', 'model_id');
