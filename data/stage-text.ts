import type { ImportOptions, ImportUsed } from '../domain/import-options.ts';
import { convertExcel } from './convert-excel.ts';
import { convertJsonLines } from './convert-json-lines.ts';
import { detectLayout } from './csv-layout.ts';
import type { PlainFile } from './plain-file.ts';
import type { PlainTable } from './plain-table.ts';
import { RejectedRows } from './rejected-rows.ts';
import type { Session } from './session.ts';
import { type Staged, stageCsv } from './stage-csv.ts';

export interface StagedText extends Staged {
  used: Pick<ImportUsed, 'delimiter' | 'quote' | 'header' | 'sheet' | 'sheets' | 'firstRow'>;
}

interface Given {
  plain: PlainFile;
  options: ImportOptions;
  limit: number;
  rejected: RejectedRows;
  /** Names that say: this row is a header. */
  knownNames: readonly string[];
}

/** Stages the values of any file that is not Parquet as text. */
export async function stageText(session: Session, given: Given): Promise<StagedText> {
  const { plain, options, rejected, knownNames, limit } = given;
  switch (plain.kind) {
    case 'csv': {
      const layout = await detectLayout(plain.path, knownNames, options, session.signal);
      const staged = await stageCsv(session, plain.path, layout, rejected);
      const { delimiter, quote } = layout.dialect;
      const used = {
        delimiter,
        quote: quote === '' ? ('none' as const) : quote,
        header: layout.header ? ('yes' as const) : ('no' as const),
        sheet: null,
        sheets: [],
        firstRow: layout.firstLine,
      };
      return { ...staged, used };
    }
    case 'json lines': {
      const table = await convertJsonLines(session, plain.path, options, rejected);
      const staged = await stagePlain(session, table, 'yes', knownNames, 'in the objects');
      return { ...staged, used: { ...noText, header: null, firstRow: table.firstRow } };
    }
    case 'excel': {
      const table = await convertExcel(session, plain.path, options, limit, rejected);
      const staged = await stagePlain(session, table, options.header, knownNames);
      const { sheet, sheets, firstRow } = table;
      return { ...staged, used: { ...noText, header: staged.header, sheet, sheets, firstRow } };
    }
    case 'parquet':
      throw new Error('A Parquet file has types of its own.');
    case 'images':
      throw new Error('Images are no text.');
  }
}

const noText = { delimiter: null, quote: null, sheet: null, sheets: [] };

/** What a converter wrote is as clean as can be: a row that does not fit is a mistake of ours. */
async function stagePlain(
  session: Session,
  table: PlainTable,
  header: ImportOptions['header'],
  knownNames: readonly string[],
  where?: string,
): Promise<Staged & { header: 'yes' | 'no' }> {
  const layout = await detectLayout(table.path, knownNames, { ...plainest, header }, session.signal, {
    delimiter: ',',
    quote: '"',
    escape: 'twice',
  });
  const staged = await stageCsv(session, table.path, layout, new RejectedRows('refuse', session.workFolder), where);
  return {
    ...staged,
    allText: table.allText,
    remarks: [...table.remarks, ...staged.remarks],
    header: layout.header ? 'yes' : 'no',
  };
}

const plainest: ImportOptions = {
  format: 'csv',
  delimiter: ',',
  quote: '"',
  encoding: 'utf-8',
  decimal: '.',
  thousands: 'none',
  header: 'yes',
  sheet: 'auto',
  firstRow: 1,
  badRows: 'refuse',
};
