import { badData } from './bad-data.ts';
import { cellForms, type CellForm } from './excel-forms.ts';
import { plural } from './show-value.ts';
import { attributeOf, type XmlListener, XmlReader } from './xml-reader.ts';
import { readEntry, readZipDirectory, type ZipEntry } from './zip-file.ts';

export interface SheetPlace {
  name: string;
  hidden: boolean;
  entry: ZipEntry;
}

export interface Workbook {
  sheets: SheetPlace[];
  /** By the number of a style. */
  forms: CellForm[];
  strings: string[];
  /** Days are counted from 1904 on, as old Macs did. */
  from1904: boolean;
  /** Reads the XML of a part; `stop` ends it early. */
  read(entry: ZipEntry, listener: XmlListener, stop?: () => boolean): Promise<void>;
}

const MOST_SHEETS = 1000;
const MOST_STRINGS = 5_000_000;
const MOST_CHARACTERS = 128_000_000;

/** What a workbook (.xlsx) is made of. Formulas, macros and links to elsewhere are not looked at. */
export async function openWorkbook(path: string, limit: number, signal: AbortSignal): Promise<Workbook> {
  const entries = new Map<string, ZipEntry>();
  for (const entry of await readZipDirectory(path)) entries.set(entry.name.toLowerCase(), entry);
  let length = 0;
  const count = (bytes: number) => {
    length += bytes;
    if (length > limit) {
      throw badData(
        'Unpacked, the workbook has more bytes than are allowed.',
        'Save the sheet as “CSV UTF-8” with fewer rows or columns, or ask whoever runs Trainyard to raise the limit.',
      );
    }
  };
  const read: Workbook['read'] = async (entry, listener, stop) => {
    const reader = new XmlReader(listener);
    for await (const bytes of readEntry(path, entry, count, signal)) {
      reader.read(bytes);
      if (stop?.()) return;
    }
    reader.end();
  };
  const main = await findMain(entries, read);
  const links = await readLinks(entries, main.name, read);
  const { sheets, from1904 } = await readSheets(entries, main, links, read);
  return {
    sheets,
    from1904,
    forms: await readForms(partOf(entries, links, 'styles'), read),
    strings: await readStrings(partOf(entries, links, 'sharedStrings'), read),
    read,
  };
}

type Read = Workbook['read'];
type Links = Map<string, { type: string; target: string }>;

const nothing = { open: () => undefined, close: () => undefined, text: () => undefined };

async function findMain(entries: Map<string, ZipEntry>, read: Read): Promise<ZipEntry> {
  const links = await readLinks(entries, '', read);
  const target = [...links.values()].find(({ type }) => type.endsWith('/officeDocument'))?.target ?? 'xl/workbook.xml';
  if (target.endsWith('.bin')) {
    throw badData(
      'The file is a binary Excel workbook (.xlsb).',
      'Open it and save it as .xlsx, or save the sheet as “CSV UTF-8”.',
    );
  }
  const main = entries.get(target.toLowerCase());
  if (!main) throw damaged();
  return main;
}

/** Which part is meant by which id, from the list that lies beside a part. */
async function readLinks(entries: Map<string, ZipEntry>, part: string, read: Read): Promise<Links> {
  const slash = part.lastIndexOf('/');
  const folder = part.slice(0, slash + 1);
  const entry = entries.get(`${folder}_rels/${part.slice(slash + 1)}.rels`.toLowerCase());
  const links: Links = new Map();
  if (!entry) return links;
  await read(entry, {
    ...nothing,
    open: (name, attributes) => {
      if (name !== 'Relationship' || attributeOf(attributes, 'TargetMode') === 'External') return;
      const target = attributeOf(attributes, 'Target') ?? '';
      const path = target.startsWith('/') ? target.slice(1) : new URL(target, `file:///${folder}`).pathname.slice(1);
      links.set(attributeOf(attributes, 'Id') ?? '', { type: attributeOf(attributes, 'Type') ?? '', target: path });
      if (links.size > MOST_SHEETS + 100) throw tooManySheets();
    },
  });
  return links;
}

function partOf(entries: Map<string, ZipEntry>, links: Links, kind: string): ZipEntry | undefined {
  const link = [...links.values()].find(({ type }) => type.endsWith(`/${kind}`));
  return entries.get((link?.target ?? `xl/${kind}.xml`).toLowerCase());
}

async function readSheets(entries: Map<string, ZipEntry>, main: ZipEntry, links: Links, read: Read) {
  const sheets: SheetPlace[] = [];
  let from1904 = false;
  let listed = 0;
  await read(main, {
    ...nothing,
    open: (tag, attributes) => {
      if (tag === 'workbookPr') from1904 = /^(1|true)$/.test(attributeOf(attributes, 'date1904') ?? '');
      if (tag !== 'sheet') return;
      listed++;
      if (listed > MOST_SHEETS) throw tooManySheets();
      const link = links.get(attributeOf(attributes, 'id') ?? '');
      const entry = link && entries.get(link.target.toLowerCase());
      // Sheets of charts and dialogs have no cells.
      if (!entry || !link.type.endsWith('/worksheet')) return;
      const hidden = (attributeOf(attributes, 'state') ?? 'visible') !== 'visible';
      sheets.push({ name: attributeOf(attributes, 'name') ?? `Sheet ${listed}`, hidden, entry });
    },
  });
  if (sheets.length === 0)
    throw badData('The workbook has no sheet with cells.', 'Look whether the export went through.');
  return { sheets, from1904 };
}

async function readForms(entry: ZipEntry | undefined, read: Read): Promise<CellForm[]> {
  const codes = new Map<number, string>();
  const used: number[] = [];
  let inCells = false;
  if (entry) {
    await read(entry, {
      ...nothing,
      open: (name, attributes) => {
        if (name === 'numFmt')
          codes.set(Number(attributeOf(attributes, 'numFmtId')), attributeOf(attributes, 'formatCode') ?? '');
        else if (name === 'cellXfs') inCells = true;
        else if (name === 'xf' && inCells) used.push(Number(attributeOf(attributes, 'numFmtId') ?? 0));
      },
      close: (name) => {
        if (name === 'cellXfs') inCells = false;
      },
    });
  }
  return cellForms(used, codes);
}

/** Texts that several cells share. How a piece of a text looks, and how to pronounce it, is left out. */
async function readStrings(entry: ZipEntry | undefined, read: Read): Promise<string[]> {
  const strings: string[] = [];
  if (!entry) return strings;
  let text = '';
  let inText = false;
  let pronounced = false;
  let characters = 0;
  await read(entry, {
    open: (name) => {
      if (name === 'si') text = '';
      else if (name === 'rPh') pronounced = true;
      else if (name === 't') inText = !pronounced;
    },
    close: (name) => {
      if (name === 't') inText = false;
      else if (name === 'rPh') pronounced = false;
      else if (name === 'si') {
        strings.push(text);
        characters += text.length;
        if (strings.length > MOST_STRINGS || characters > MOST_CHARACTERS) {
          throw badData(
            'The workbook has too many texts to be held in memory.',
            'Save the sheet as “CSV UTF-8” and upload that.',
          );
        }
      }
    },
    text: (piece) => {
      if (inText) text += piece;
      if (text.length > MOST_CHARACTERS) throw damaged();
    },
  });
  return strings;
}

function tooManySheets(): Error {
  return badData(
    `The workbook has more than ${plural(MOST_SHEETS, 'sheet')}.`,
    'Save the sheet that you need as a workbook of its own, or as “CSV UTF-8”.',
  );
}

function damaged(): Error {
  return badData(
    'The workbook is damaged: a part of it is missing.',
    'Open it, save it anew as .xlsx and upload that.',
  );
}
