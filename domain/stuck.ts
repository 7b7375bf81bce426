/** Gone takes minutes at most in any cloud. After that a person is told, with the command to do it by hand. */
const stuckAfterMs = 10 * 60_000;

/** What was asked to go before then and is still there is stuck. */
export function stuckIfAskedBefore(nowMs: number): number {
  return nowMs - stuckAfterMs;
}

export function isStuck({ removal_asked_at_ms: askedAtMs }: { removal_asked_at_ms: number | null }, nowMs: number) {
  return askedAtMs !== null && askedAtMs < stuckIfAskedBefore(nowMs);
}
