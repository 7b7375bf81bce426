import { type FailureType, TrainyardError } from '../../domain/failures.ts';
import type { FieldProblem } from './views.ts';

interface RefusedMore {
  hint?: string;
  problems?: FieldProblem[];
  uploadId?: string;
}

/** A request that cannot be served, with everything a person or a program needs to mend it. */
export class Refused extends Error {
  readonly status: number;
  readonly title: string;
  readonly hint: string | undefined;
  readonly problems: FieldProblem[];
  /** The upload whose file was refused and is still there. */
  readonly uploadId: string | undefined;
  constructor(status: number, title: string, message: string, more: RefusedMore = {}) {
    super(message);
    this.name = 'Refused';
    this.status = status;
    this.title = title;
    this.hint = more.hint;
    this.problems = more.problems ?? [];
    this.uploadId = more.uploadId;
  }
}

export function notFound(what: string, hint?: string): Refused {
  return new Refused(404, 'Not found', `There is no ${what} here.`, hint === undefined ? {} : { hint });
}

export function conflict(message: string, hint?: string): Refused {
  return new Refused(409, 'Conflict', message, hint === undefined ? {} : { hint });
}

const statusOf: Partial<Record<FailureType, { status: number; title: string }>> = {
  BadSpec: { status: 422, title: 'The request does not fit' },
  BadData: { status: 422, title: 'The data cannot be used' },
  BadLabel: { status: 422, title: 'The label cannot be used' },
  BadSettings: { status: 422, title: 'The settings do not fit' },
  TooLittleTime: { status: 422, title: 'Too little time' },
  OverBudget: { status: 422, title: 'Over the budget' },
  ModelNotTrusted: { status: 422, title: 'The model is not trusted' },
  NotFound: { status: 404, title: 'Not found' },
  DiskFull: { status: 507, title: 'The disk is full' },
  EngineUnavailable: { status: 503, title: 'The engine is not ready' },
  CloudUnavailable: { status: 503, title: 'Not reachable now' },
};

/** A typed failure of plain code as an answer to a request; anything unforeseen is undefined, and a 500. */
export function refusedBy(error: unknown): Refused | undefined {
  if (error instanceof Refused) return error;
  if (!(error instanceof TrainyardError)) return undefined;
  const known = statusOf[error.type];
  if (!known) return undefined;
  return new Refused(known.status, known.title, error.message, error.hint === undefined ? {} : { hint: error.hint });
}
