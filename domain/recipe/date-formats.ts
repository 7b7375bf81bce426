import { quoteText, quoteTexts } from './sql-text.ts';
import type { StepField } from './step-kind.ts';

interface DateFormat {
  title: string;
  /** What the day looks like, as RE2: the engine's own formats would take 24 for the year 24. */
  day: string;
  /** In the engine's words, in the order in which they are tried. */
  formats: readonly string[];
}

const year = '\\d{4}';
const number = '\\d{1,2}';
const word = '[A-Za-z]{3,9}';

const dateFormats = {
  'year-month-day': { title: '2024-03-31', day: `${year}-${number}-${number}`, formats: ['%Y-%m-%d'] },
  'year/month/day': { title: '2024/03/31', day: `${year}/${number}/${number}`, formats: ['%Y/%m/%d'] },
  yearmonthday: { title: '20240331', day: '\\d{8}', formats: ['%Y%m%d'] },
  'day.month.year': { title: '31.03.2024', day: `${number}\\.${number}\\.${year}`, formats: ['%d.%m.%Y'] },
  'day/month/year': { title: '31/03/2024', day: `${number}/${number}/${year}`, formats: ['%d/%m/%Y'] },
  'day-month-year': { title: '31-03-2024', day: `${number}-${number}-${year}`, formats: ['%d-%m-%Y'] },
  'month/day/year': { title: '03/31/2024', day: `${number}/${number}/${year}`, formats: ['%m/%d/%Y'] },
  'day.month.yy': { title: '31.03.24', day: `${number}\\.${number}\\.\\d{2}`, formats: ['%d.%m.%y'] },
  'day/month/yy': { title: '31/03/24', day: `${number}/${number}/\\d{2}`, formats: ['%d/%m/%y'] },
  'month/day/yy': { title: '03/31/24', day: `${number}/${number}/\\d{2}`, formats: ['%m/%d/%y'] },
  'day name year': {
    title: '31 March 2024, 31-Mar-2024',
    day: `${number}[ -]${word}[ -]${year}`,
    formats: ['%d %B %Y', '%d %b %Y', '%d-%b-%Y', '%d-%B-%Y'],
  },
  'name day, year': {
    title: 'March 31, 2024',
    day: `${word} ${number}, ${year}`,
    formats: ['%B %d, %Y', '%b %d, %Y'],
  },
} as const satisfies Record<string, DateFormat>;

export type DateFormatName = keyof typeof dateFormats;

export const dateFormatNames = Object.keys(dateFormats) as [DateFormatName, ...DateFormatName[]];

export const isDateFormat = (name: string): name is DateFormatName => Object.hasOwn(dateFormats, name);

export const dateFormatChoices: NonNullable<StepField['choices']> = dateFormatNames.map((value) => ({
  value,
  title: dateFormats[value].title,
}));

const clock = '[ T]\\d{1,2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,6})?)?';
const times = ['', ' %H:%M:%S', ' %H:%M', ' %H:%M:%S.%f', 'T%H:%M:%S', 'T%H:%M', 'T%H:%M:%S.%f'];
const halfDays = [' %I:%M %p', ' %I:%M:%S %p'];

/**
 * A text as a TIMESTAMP, with or without a time of day; missing when it is none of this format. `text` is written once,
 * so that it may be long.
 */
export function readTime(text: string, name: DateFormatName): string {
  const { day, formats } = dateFormats[name];
  // The engine's own reading is much quicker, but leaves out a time zone without a word; only that of Greenwich is no loss.
  if (name === 'year-month-day') return `TRY_CAST(${only(text, `${day}(?:${clock}(?:Z|[-+]00:00)?)?`)} AS TIMESTAMP)`;
  const all = formats.flatMap((format) => [...times, ...halfDays].map((time) => `${format}${time}`));
  return `CAST(try_strptime(${only(text, `${day}(?:${clock}(?: [AaPp][Mm])?)?`)}, ${quoteTexts(all)}) AS TIMESTAMP)`;
}

/** The part that matches, without the blanks around; nothing that could be read where none does. */
function only(text: string, pattern: string): string {
  return `regexp_extract(${text}, ${quoteText(`^\\s*(${pattern})\\s*$`)}, 1)`;
}
