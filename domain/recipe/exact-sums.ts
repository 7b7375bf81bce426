/**
 * Floats added up in another order differ in their last bits, and threads meet rows in any order. So each value is cut
 * to a whole number of the unit of its bucket (32 powers of two wide), whole numbers are added without loss, and the few
 * buckets are added in their order. 53 bits of a value and 32 of its bucket leave room for 2^42 rows.
 */
const unitOf = 'pow(2.0, 32 * "bucket" - 53)';
/** Below 2^-992 the unit itself would be no float any more; such values count as multiples of the least unit. */
const bucketOf = `CASE WHEN "v" = 0 THEN -31 ELSE greatest(-31, CAST(floor(log2(abs("v")) / 32) AS INTEGER)) END`;
const partOf = `CAST(sum(CAST("v" / ${unitOf} AS HUGEINT)) AS DOUBLE) * ${unitOf}`;

/** The sum of an expression over all rows of `from`, the same to the last bit in any order; null without a value. */
export function exactSum(value: string, from: string): string {
  return `(SELECT sum("part" ORDER BY "bucket") FROM (SELECT "bucket", ${partOf} AS "part" FROM (SELECT "v", ${bucketOf} AS "bucket" FROM (SELECT CAST(${value} AS DOUBLE) AS "v" FROM ${from}) WHERE isfinite("v")) GROUP BY "bucket"))`;
}

/** A SELECT of `g1`, `g2` … and of `total`, the same kind of sum, for each group that has a value. */
export function exactSums(value: string, groups: readonly string[], from: string): string {
  const named = groups.map((group, n) => `${group} AS "g${n + 1}"`).join(', ');
  const names = groups.map((_, n) => `"g${n + 1}"`).join(', ');
  return `SELECT ${names}, sum("part" ORDER BY "bucket") AS "total" FROM (SELECT ${names}, "bucket", ${partOf} AS "part" FROM (SELECT ${names}, "v", ${bucketOf} AS "bucket" FROM (SELECT ${named}, CAST(${value} AS DOUBLE) AS "v" FROM ${from}) WHERE isfinite("v")) GROUP BY ${names}, "bucket") GROUP BY ${names}`;
}

/** How many finite values there are. */
export function finiteCount(value: string, from: string): string {
  return `(SELECT count(*) FILTER (isfinite(CAST(${value} AS DOUBLE))) FROM ${from})`;
}

export function exactMean(value: string, from: string): string {
  return `(${exactSum(value, from)} / nullif(${finiteCount(value, from)}, 0))`;
}
