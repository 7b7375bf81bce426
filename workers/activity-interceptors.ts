import { ApplicationFailure, CancelledFailure, type Context } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import type { Logger } from 'pino';
import { familyOf, notRetried, TrainyardError } from '../domain/failures.ts';

const beatMs = 1000;
/** A bug does not go away by trying; a passing cause that we do not know yet may. */
const triesForABug = 3;

/**
 * Around every activity: beats while it runs, so that a killed worker is noticed in seconds, and turns what it throws
 * into a failure of our closed union.
 */
export function aroundActivities(log: Logger) {
  const bugs = new Map<string, number>();
  return (context: Context): { inbound: ActivityInboundCallsInterceptor } => ({
    inbound: {
      async execute(input, next) {
        const beat = setInterval(() => context.heartbeat(), beatMs);
        try {
          return await next(input);
        } catch (error) {
          throw asFailure(error, context, log, bugs);
        } finally {
          clearInterval(beat);
        }
      },
    },
  });
}

function asFailure(error: unknown, context: Context, log: Logger, bugs: Map<string, number>): unknown {
  const { activityType, attempt, workflowExecution } = context.info;
  // A caller that names no failure to give up on wants it done, however long it takes: what frees, what keeps the books.
  const mayGiveUp = (context.info.retryPolicy?.nonRetryableErrorTypes?.length ?? 0) > 0;
  const where = { activity: activityType, workflow: workflowExecution?.workflowId, attempt };
  if (error instanceof CancelledFailure) return stopped(context);
  if (error instanceof ApplicationFailure) return error;
  if (context.cancellationSignal.aborted) return stopped(context);
  // Only bugs count: Temporal's own count of attempts also grows with every worker that went away in between.
  const tooMany = () => {
    const key = `${workflowExecution?.runId} ${context.info.activityId}`;
    const count = (bugs.get(key) ?? 0) + 1;
    if (count < triesForABug) bugs.set(key, count);
    else bugs.delete(key);
    return count >= triesForABug;
  };
  if (error instanceof TrainyardError) {
    const family = familyOf(error.type);
    if (family === 'bug') log.error({ ...where, type: error.type, err: error }, error.message);
    else log.warn({ ...where, type: error.type }, error.message);
    return ApplicationFailure.create({
      type: error.type,
      message: error.hint ? `${error.message} ${error.hint}` : error.message,
      nonRetryable: mayGiveUp && (notRetried.includes(error.type) || (family === 'bug' && tooMany())),
      cause: error,
    });
  }
  const type = isFullDisk(error) ? 'DiskFull' : 'Bug';
  log.error({ ...where, err: error }, 'an activity failed in a way it should not');
  return ApplicationFailure.create({
    type,
    message: error instanceof Error ? error.message : String(error),
    nonRetryable: mayGiveUp && type === 'Bug' && tooMany(),
    ...(error instanceof Error ? { cause: error } : {}),
  });
}

/** A worker that goes away is no reason to cancel what it was doing: the next one takes it up. */
function stopped({ cancellationSignal }: Context): Error {
  const reason: unknown = cancellationSignal.reason;
  if (reason instanceof CancelledFailure && reason.message === 'WORKER_SHUTDOWN') {
    return ApplicationFailure.retryable('The worker is stopping; another one takes over.', 'CloudUnavailable');
  }
  return new CancelledFailure('Asked to stop.');
}

function isFullDisk(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL';
}
