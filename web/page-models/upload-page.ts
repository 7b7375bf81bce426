import type { UploadView } from '../services/recipe-views.ts';
import { type ImportPage, type ImportValues, importPage } from './import-page.ts';
import { formatBytes } from './plain-words.ts';

/** A file on its way in, or the reason why it was refused, with other ways to read it. */
export interface UploadPage {
  id: string;
  name: string;
  isOpen: boolean;
  text: string;
  value: number | null;
  from: string | null;
  failure: { title: string; message: string; whatToDo: string | null } | null;
  /** Null where nothing of the file is here. */
  fields: ImportPage['fields'] | null;
  action: string;
}

export function uploadPage(upload: UploadView, values: ImportValues): UploadPage {
  const { id, name, state, offset, length, url, failure } = upload;
  const isWhole = length !== null && offset === length;
  const isOpen = state !== 'refused';
  return {
    id,
    name,
    isOpen,
    text:
      state === 'reading'
        ? 'All of it is here; it is being read.'
        : `${formatBytes(offset)}${length === null ? '' : ` of ${formatBytes(length)}`} received.`,
    value: state === 'receiving' && length !== null ? Math.floor((offset / length) * 100) : null,
    from: url,
    failure: failure && {
      title: url === null ? failure.title : 'The file was not taken',
      message: failure.message,
      whatToDo: failure.hint,
    },
    fields:
      !isOpen && isWhole
        ? importPage({ dataset: { id, name }, values, used: null, tried: null, problem: null }).fields
        : null,
    action: `/data/uploads/${id}/read`,
  };
}
