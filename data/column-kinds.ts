export const sqlTypes = ['BIGINT', 'DOUBLE', 'BOOLEAN', 'DATE', 'TIMESTAMP', 'VARCHAR', 'BLOB'] as const;
export type SqlType = (typeof sqlTypes)[number];

export function isSqlType(type: string): type is SqlType {
  return (sqlTypes as readonly string[]).includes(type);
}

/** What programs write for “there is no value”, where the rest of a column is numbers or dates. In text it stays text. */
export const missingWords = ['NA', 'N/A', 'n/a', '#N/A', 'NaN', 'nan', 'NULL', 'null', 'None'];

/** The text of a column without blanks around it; what it is cast from. */
export function trimmed(column: string): string {
  return `trim(${column}, ' \t')`;
}

/**
 * SQL: the text has a value that is not missing. `text` is trimmed. Not by IN: the engine makes a join of each, and a
 * thousand of them take minutes.
 */
export function hasValue(text: string): string {
  return `(${text} <> '' AND NOT ${isMissingWord(text)})`;
}

export function isMissingWord(text: string): string {
  return `(${missingWords.map((word) => `${text} = '${word}'`).join(' OR ')})`;
}

/**
 * SQL: the text is a value of this type, and casting it loses nothing. Leading zeros, plus signs and whole numbers of
 * 19 digits and more are marks of identifiers (007, +49 …): such a column stays text.
 */
export function reads(type: SqlType, text: string): string {
  switch (type) {
    case 'BIGINT':
      // Only the canonical form comes back from the round trip; much faster than a regular expression.
      return `(CAST(TRY_CAST(${text} AS BIGINT) AS VARCHAR) = ${text})`;
    case 'DOUBLE':
      return `(regexp_full_match(${text}, '-?(0|[1-9][0-9]{0,17})?(\\.[0-9]*)?([eE][-+]?[0-9]+)?') AND isfinite(TRY_CAST(${text} AS DOUBLE)))`;
    case 'BOOLEAN':
      return `(lower(${text}) IN ('true', 'false'))`;
    case 'DATE':
      return `(regexp_full_match(${text}, '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND TRY_CAST(${text} AS DATE) IS NOT NULL)`;
    case 'TIMESTAMP':
      return `(regexp_full_match(${text}, '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6}0*)?)?Z?)?') AND TRY_CAST(${text} AS TIMESTAMP) IS NOT NULL)`;
    case 'VARCHAR':
      return 'true';
    case 'BLOB':
      // No text is an image.
      return 'false';
  }
}

/**
 * SQL: the value of a column of text as this type. The column was checked with `reads` before, so that nothing but
 * missing values can fail to be cast; only “nan” would be taken for a number.
 */
export function castFromText(type: SqlType, column: string): string {
  if (type === 'VARCHAR') return `nullif(${column}, '')`;
  if (type === 'DOUBLE') return `TRY_CAST(nullif(lower(${trimmed(column)}), 'nan') AS DOUBLE)`;
  return `TRY_CAST(${trimmed(column)} AS ${type})`;
}
