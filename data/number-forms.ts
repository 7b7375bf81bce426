import type { Decimal, ThousandsSign } from '../domain/import-options.ts';
import { hasValue, reads, trimmed } from './column-kinds.ts';
import { groupsOf, longForm } from './long-form.ts';
import type { Session } from './session.ts';
import { quoteText } from './sql-text.ts';

/** How a file writes its numbers. */
export interface NumberForm {
  decimal: Decimal;
  thousands: ThousandsSign;
}

export const plainForm: NumberForm = { decimal: '.', thousands: 'none' };

export function isPlain({ decimal, thousands }: NumberForm): boolean {
  return decimal === '.' && thousands === 'none';
}

const signs: Record<Exclude<ThousandsSign, 'none'>, string> = {
  '.': '\\.',
  ',': ',',
  // A fixed or narrow blank, too; and the apostrophe of Swiss banks is mostly a curly one.
  ' ': '[ \u00a0\u202f]',
  "'": "['\u2019]",
};

function sign({ thousands }: NumberForm): string | undefined {
  return thousands === 'none' ? undefined : signs[thousands];
}

/** SQL: the trimmed text is a number in this form. */
export function isNumberIn(form: NumberForm, text: string): string {
  const between = sign(form);
  const whole = between === undefined ? '[0-9]+' : `([0-9]{1,3}(${between}[0-9]{3})+|[0-9]+)`;
  const decimal = form.decimal === '.' ? '\\.' : ',';
  return `regexp_full_match(${text}, ${quoteText(`-?${whole}?(${decimal}[0-9]*)?([eE][-+]?[0-9]+)?`)})`;
}

/** SQL: the same number as it is written everywhere. */
export function asPlainNumber(form: NumberForm, text: string): string {
  const between = sign(form);
  const joined = between === undefined ? text : `regexp_replace(${text}, ${quoteText(between)}, '', 'g')`;
  return form.decimal === '.' ? joined : `replace(${joined}, ',', '.')`;
}

const whole = '[1-9][0-9]{0,2}';
/** What shows how numbers are written, and what could be either: 1,234. */
const shapes = {
  commaDecimal: `-?([0-9]+|${whole}(\\.[0-9]{3})+),[0-9]+`,
  commaDecimalOnly: `-?(0,[0-9]+|[0-9]+,([0-9]{1,2}|[0-9]{4,})|[0-9]{4,},[0-9]+|${whole}(\\.[0-9]{3})+,[0-9]+)`,
  pointThousands: `-?${whole}(\\.[0-9]{3})+(,[0-9]+)?`,
  pointThousandsOnly: `-?${whole}((\\.[0-9]{3})+,[0-9]+|(\\.[0-9]{3}){2,})`,
  commaThousands: `-?${whole}(,[0-9]{3})+(\\.[0-9]+)?`,
  commaThousandsOnly: `-?${whole}((,[0-9]{3})+\\.[0-9]+|(,[0-9]{3}){2,})`,
};

interface Wanted {
  decimal: Decimal | 'auto';
  thousands: ThousandsSign | 'auto';
  /** Where values end at commas, a comma inside of a quoted one is rather a list. */
  delimiter: string;
}

/**
 * How the numbers are written, by a sample: only what cannot be meant otherwise counts, and only in columns that have
 * nothing but numbers.
 */
export async function detectNumberForm(
  session: Session,
  source: string,
  columns: number,
  sampleRows: number,
  wanted: Wanted,
): Promise<NumberForm> {
  if (wanted.decimal !== 'auto' && wanted.thousands !== 'auto') {
    return { decimal: wanted.decimal, thousands: wanted.thousands };
  }
  let commaDecimal = false;
  let pointThousands = false;
  let commaThousands = false;
  for (const counts of await countShapes(session, source, columns, sampleRows)) {
    const { values, numbers } = counts;
    const isComma =
      counts.commaDecimalOnly > 0 && counts.whole + counts.commaDecimal + counts.pointThousandsWhole === values;
    if (isComma) commaDecimal = true;
    if (counts.pointThousandsOnly > 0 && counts.whole + counts.commaDecimal + counts.pointThousandsWhole === values)
      pointThousands = true;
    if (counts.commaThousandsOnly > 0 && numbers + counts.commaThousands === values) commaThousands = true;
  }
  const isComma = commaDecimal && !commaThousands && wanted.delimiter !== ',';
  const decimal = wanted.decimal === 'auto' ? (isComma ? ',' : '.') : wanted.decimal;
  if (wanted.thousands !== 'auto') return { decimal, thousands: wanted.thousands };
  const seen = decimal === ',' ? pointThousands : commaThousands;
  return { decimal, thousands: seen ? (decimal === ',' ? '.' : ',') : 'none' };
}

interface ShapeCounts extends Record<keyof typeof shapes, number> {
  values: number;
  numbers: number;
  whole: number;
  pointThousandsWhole: number;
}

async function countShapes(
  session: Session,
  source: string,
  columns: number,
  sampleRows: number,
): Promise<ShapeCounts[]> {
  const text = trimmed('v');
  const names = Object.keys(shapes) as (keyof typeof shapes)[];
  const asked = [
    'true',
    reads('DOUBLE', text),
    reads('BIGINT', text),
    `regexp_full_match(${text}, ${quoteText(`-?${whole}(\\.[0-9]{3})+`)})`,
    ...names.map((name) => `regexp_full_match(${text}, ${quoteText(shapes[name])})`),
  ];
  const counts = asked.map((condition) => `count(*) FILTER (${hasValue(text)} AND ${condition})`).join(', ');
  const all = Array.from({ length: columns }, (_, index) => ({ index, sql: `c${index}` }));
  const found: ShapeCounts[] = [];
  for (const group of groupsOf(all, sampleRows)) {
    const rows = await session.rows(`SELECT k, ${counts} FROM ${longForm(source, group)} GROUP BY k`);
    for (const [, values, numbers, wholes, grouped, ...shaped] of rows) {
      const shapeCounts = Object.fromEntries(names.map((name, n) => [name, Number(shaped[n])]));
      found.push({
        ...(shapeCounts as Record<keyof typeof shapes, number>),
        values: Number(values),
        numbers: Number(numbers),
        whole: Number(wholes),
        pointThousandsWhole: Number(grouped),
      });
    }
  }
  return found;
}
