/** Smaller row groups for wide tables: what is held in memory is a row group of all columns. */
export function parquetOptions(columns: number, compression: 'zstd' | 'lz4_raw'): string {
  const rows = Math.max(2048, Math.min(122_880, Math.floor(4_000_000 / Math.max(1, columns) / 2048) * 2048));
  return `FORMAT parquet, COMPRESSION ${compression}, ROW_GROUP_SIZE ${rows}, USE_TMP_FILE false`;
}
