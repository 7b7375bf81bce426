import type { Json } from './json.ts';

const statusNames: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  412: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
};

const reasons: Record<number, string> = {
  400: 'invalid',
  401: 'authError',
  403: 'forbidden',
  404: 'notFound',
  409: 'alreadyExists',
  412: 'conditionNotMet',
  429: 'rateLimitExceeded',
  500: 'backendError',
  501: 'notImplemented',
  503: 'backendError',
};

interface More {
  reason?: string;
  status?: string;
  domain?: string;
  details?: Json[];
}

/** An error as every one of Google's REST APIs answers it. */
export class ApiError extends Error {
  readonly code: number;
  readonly more: More;

  constructor(code: number, message: string, more: More = {}) {
    super(message);
    this.code = code;
    this.more = more;
  }

  body(): Json {
    const { reason = reasons[this.code], status = statusNames[this.code], domain = 'global', details } = this.more;
    return {
      error: {
        code: this.code,
        message: this.message,
        errors: [{ message: this.message, domain, reason }],
        status,
        ...(details && { details }),
      },
    };
  }
}

export function notFound(resource: string): ApiError {
  return new ApiError(404, `The resource '${resource}' was not found`);
}

export function alreadyExists(resource: string): ApiError {
  return new ApiError(409, `The resource '${resource}' already exists`);
}

export function invalid(field: string, why: string): ApiError {
  return new ApiError(400, `Invalid value for field '${field}': ${why}`);
}
