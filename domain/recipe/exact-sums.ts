/**
 * Floats added up in another order differ in their last bits, and threads meet rows in any order. So each value is cut
 * to a whole number of the unit of its bucket (32 powers of two wide), whole numbers are added without loss, and the few
 * buckets are added in their order. 53 bits of a value and 32 of its bucket leave room for 2^42 rows.
 */
const unitOf = 'pow(2.0, 32 * "bucket" - 53)';
/**
 * Nearly all values are of the two buckets on either side of 1, where comparing is much cheaper than a logarithm. Below
 * 2^-992 the unit itself would be no float any more; such values count as multiples of the least unit.
 */
const bucketOf = `CASE WHEN abs("v") >= 1 AND abs("v") < 4294967296 THEN 0 WHEN abs("v") < 1 AND abs("v") >= ${2 ** -32} THEN -1 WHEN "v" = 0 THEN -31 ELSE greatest(-31, CAST(floor(log2(abs("v")) / 32) AS INTEGER)) END`;
const wholeOf = `CAST(CASE "bucket" WHEN 0 THEN "v" * ${2 ** 53}.0 WHEN -1 THEN "v" * pow(2.0, 85) ELSE "v" / ${unitOf} END AS HUGEINT)`;
const partOf = `CAST(sum(${wholeOf}) AS DOUBLE) * ${unitOf} AS "part"`;

/** A SELECT of the parts, bucket by bucket, and of how many finite values each has. */
function partsOf(value: string, from: string): string {
  return `SELECT "bucket", ${partOf}, count(*) AS "n" FROM (SELECT "v", ${bucketOf} AS "bucket" FROM (SELECT CAST(${value} AS DOUBLE) AS "v" FROM ${from}) WHERE isfinite("v")) GROUP BY "bucket"`;
}

/** The mean of an expression over all rows of `from`, the same to the last bit in any order; null without a value. */
export function exactMean(value: string, from: string): string {
  return `(SELECT sum("part" ORDER BY "bucket") / sum("n") FROM (${partsOf(value, from)}))`;
}

/** The deviation (of all values, not of a sample) from a mean. */
export function exactDeviation(value: string, mean: string, from: string): string {
  return `sqrt(${exactMean('"away" * "away"', `(SELECT CAST(${value} AS DOUBLE) - ${mean} AS "away" FROM ${from})`)})`;
}

/** A SELECT of `g1`, `g2` … and of `total`, the exact sum, for each group that has a value. */
export function exactSums(value: string, groups: readonly string[], from: string): string {
  const named = groups.map((group, n) => `${group} AS "g${n + 1}"`).join(', ');
  const names = groups.map((_, n) => `"g${n + 1}"`).join(', ');
  return `SELECT ${names}, sum("part" ORDER BY "bucket") AS "total" FROM (SELECT ${names}, "bucket", ${partOf} FROM (SELECT ${names}, "v", ${bucketOf} AS "bucket" FROM (SELECT ${named}, CAST(${value} AS DOUBLE) AS "v" FROM ${from}) WHERE isfinite("v")) GROUP BY ${names}, "bucket") GROUP BY ${names}`;
}
