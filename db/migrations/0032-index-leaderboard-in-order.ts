import { createIndex } from '../table.ts';

export const { up, down } = createIndex('leaderboard_in_order', 'leaderboard', 'job_id, id');
