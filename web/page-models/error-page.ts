import { type FailureType, TrainyardError } from '../../domain/failures.ts';
import type { Chip } from './chip.ts';

export interface ErrorPage {
  status: number;
  title: string;
  chip: Chip;
  what: string;
  why: string | null;
  whatToDo: string;
  next: { href: string; word: string };
}

const statusOf: Partial<Record<FailureType, number>> = {
  NotFound: 404,
  DiskFull: 507,
  CloudUnavailable: 503,
  EngineUnavailable: 503,
};

interface HttpError {
  status?: number;
  statusCode?: number;
  code?: string;
  message?: string;
}

/** One form of error for every page: what happened, why, what to do. The inside of a bug is not shown, only logged. */
export function errorPage(error: unknown, path: string): ErrorPage {
  const next = path.startsWith('/data')
    ? { href: '/data', word: 'Back to the data' }
    : { href: '/jobs', word: 'Back to the jobs' };
  if (error instanceof TrainyardError) {
    const status = statusOf[error.type] ?? 422;
    return {
      status,
      title: status === 404 ? 'Not here' : 'This did not work',
      chip: { icon: '✕', word: String(status), tone: 'stop' },
      what: error.message,
      why: null,
      whatToDo: error.hint ?? (status === 404 ? 'Check the address, or look for it in the list.' : 'Change it and try again.'),
      next,
    };
  }
  const { status: plainStatus, statusCode, code, message } = (error ?? {}) as HttpError;
  const status = plainStatus ?? statusCode ?? 500;
  if (code === 'EBADCSRFTOKEN') {
    return {
      status: 403,
      title: 'The form was too old',
      chip: { icon: '✕', word: '403', tone: 'stop' },
      what: 'Nothing was changed.',
      why: 'The form carried no valid token: it was open since before a restart, or it came from another site.',
      whatToDo: 'Go back, load the page again, and send the form once more.',
      next,
    };
  }
  if (status < 500) {
    return {
      status,
      title: status === 404 ? 'Not here' : 'This did not work',
      chip: { icon: '✕', word: String(status), tone: 'stop' },
      what: status === 404 ? 'There is no page at this address.' : (message ?? 'The request could not be understood.'),
      why: null,
      whatToDo: status === 404 ? 'Check the address, or start from the yard.' : 'Go back and try again.',
      next,
    };
  }
  return {
    status,
    title: 'Trainyard made a mistake',
    chip: { icon: '✕', word: String(status), tone: 'stop' },
    what: 'The page could not be made. Running jobs are not touched by this.',
    why: 'Something inside failed; the log of the web process says what, under the request id.',
    whatToDo: 'Try again. If it stays so, hand the request id to whoever runs this installation.',
    next,
  };
}
