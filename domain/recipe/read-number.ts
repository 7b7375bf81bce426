import { quoteText } from './sql-text.ts';

interface NumberForm {
  decimal: '.' | ',';
  thousands: 'none' | ',' | '.' | 'blank' | "'";
  /** Whether 3.5 is none. */
  whole?: boolean;
}

const between: Record<NumberForm['thousands'], string> = {
  none: '',
  ',': ',',
  '.': '\\.',
  // Also the narrow and the unbreakable one, which spreadsheets write.
  blank: '[ \\x{00a0}\\x{202f}]',
  "'": "['\\x{2019}]",
};

/** A text as a number; missing when it is none, when it is too large, or when thousands are not three digits each. */
export function readNumber(text: string, { decimal, thousands, whole = false }: NumberForm): string {
  const point = decimal === '.' ? '\\.' : ',';
  const groups = thousands === 'none' ? '' : `\\d{1,3}(?:${between[thousands]}\\d{3})+(?:${point}\\d*)?|`;
  const exponent = whole ? '' : '(?:[eE][-+]?\\d{1,3})?';
  const shape = `^\\s*([-+]?(?:${groups}\\d+(?:${point}\\d*)?|${point}\\d+)${exponent})\\s*$`;
  let plain = `regexp_extract(${text}, ${quoteText(shape)}, 1)`;
  if (thousands !== 'none') plain = `regexp_replace(${plain}, ${quoteText(between[thousands])}, '', 'g')`;
  if (decimal === ',') plain = `replace(${plain}, ',', '.')`;
  if (whole) return `TRY_CAST(regexp_extract(${plain}, '^\\+?(-?\\d+)(?:\\.0*)?$', 1) AS BIGINT)`;
  const number = `TRY_CAST(${plain} AS DOUBLE)`;
  return `CASE WHEN isfinite(${number}) THEN ${number} END`;
}
