/** What the number in a cell is shown as. */
export type CellForm = 'number' | 'date' | 'time';

/** The numbers of formats that every program knows; those of East Asian calendars among them. */
const builtInDates = [14, 15, 16, 17, 22, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 55, 56, 57, 58];
const builtInTimes = [18, 19, 20, 21, 32, 33, 34, 35];

export function cellForms(used: readonly number[], codes: ReadonlyMap<number, string>): CellForm[] {
  return used.map((id) => {
    const code = codes.get(id);
    if (code !== undefined) return formOf(code);
    if (builtInDates.includes(id)) return 'date';
    return builtInTimes.includes(id) ? 'time' : 'number';
  });
}

/** By the code of a format: “yyyy-mm-dd” is a date, “0.00 "day"” is not; “[h]:mm” is how long, which is a number. */
function formOf(code: string): CellForm {
  const first = code.split(';')[0] ?? '';
  const letters = first
    .replace(/"[^"]*"|\\.|_.|\*./g, '')
    .replace(/\[[^\]]*\]/g, (piece) => (/^\[(h+|m+|s+)\]$/i.test(piece) ? '#' : ''));
  if (letters.includes('#') || /general/i.test(letters)) return 'number';
  if (/[yd]/i.test(letters) || (/m/i.test(letters) && !/[hs]/i.test(letters))) return 'date';
  return /[hs]/i.test(letters) ? 'time' : 'number';
}

const DAY_MS = 86_400_000;
const DAYS_OF_1904 = 1462;

/** The date or time that a number of days stands for, as text that is read as one; the number where it is none. */
export function dateText(serial: number, form: CellForm, from1904: boolean): string {
  if (form === 'time' && serial >= 0 && serial < 1) return timeOf(Math.round(serial * DAY_MS) % DAY_MS);
  const days = from1904 ? serial + DAYS_OF_1904 : serial;
  // Year 9999 is where spreadsheets end, too.
  if (!(days >= 1 && days < 2_958_466)) return String(serial);
  // They have a 29th of February 1900, which was none: it is left as the number.
  if (!from1904 && days >= 60 && days < 61) return String(serial);
  const base = Date.UTC(1899, 11, days < 60 ? 31 : 30);
  const moment = new Date(base + Math.round(days * DAY_MS));
  const [date = '', time = ''] = moment.toISOString().split('T');
  const ms = moment.getTime() % DAY_MS;
  return ms === 0 ? date : `${date} ${time.replace(/(\.000)?Z$/, '')}`;
}

function timeOf(ms: number): string {
  return new Date(ms)
    .toISOString()
    .slice(11, 23)
    .replace(/\.000$/, '');
}
