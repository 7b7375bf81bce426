const ROWS_OF_IMAGES = 64;
/** The default level takes a quarter more time to write for a file smaller by a tenth. */
const ZSTD = 'COMPRESSION zstd, COMPRESSION_LEVEL 1';

/** Smaller row groups for wide tables: what is held in memory is a row group of all columns. */
export function parquetOptions(columns: number, compression: 'zstd' | 'lz4_raw', hasImages = false): string {
  // A row group then ends where a batch of the engine's ends: at most 2048 rows, and as many as are written at once.
  const rows = hasImages
    ? ROWS_OF_IMAGES
    : Math.max(2048, Math.min(122_880, Math.floor(4_000_000 / Math.max(1, columns) / 2048) * 2048));
  const how = compression === 'zstd' ? ZSTD : `COMPRESSION ${compression}`;
  // Encodings of the second version (differences of whole numbers, floats byte by byte) are written and read faster.
  return `FORMAT parquet, ${how}, PARQUET_VERSION V2, ROW_GROUP_SIZE ${rows}, USE_TMP_FILE false`;
}
