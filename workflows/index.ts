export { keepHouse } from './keep-house.ts';
export { predictBatch } from './predict-batch.ts';
export { prepareDataset } from './prepare-dataset.ts';
export { releaseHolder } from './release-holder.ts';
export { sweep } from './sweep.ts';
export { trainJob } from './train-job.ts';
