/** Where a dataset lies in the store: once for equal bytes, with a table for each way in which they were read. */
export interface DatasetFiles {
  /** As it was uploaded; not there for one that was made here. */
  original: string;
  parquet: string;
  /** Written beside the table of a dataset that was made here. */
  csv: string;
}

export function datasetFiles(dataset: { content_hash: string; table_name: string }): DatasetFiles {
  const folder = `datasets/${dataset.content_hash}`;
  return {
    original: `${folder}/original`,
    parquet: `${folder}/${dataset.table_name}.parquet`,
    csv: `${folder}/${dataset.table_name}.csv`,
  };
}
