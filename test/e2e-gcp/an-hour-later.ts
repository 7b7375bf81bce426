/**
 * Loaded into a process before all else (`--import`): the clock that it reads is an hour ahead of the computer's, as on
 * one that was switched off for so long. Timers take as long as ever.
 */
export const hourMs = 3_600_000;

const RealDate = globalThis.Date;
const now = (): number => RealDate.now() + hourMs;

/** Only where it is asked for: whoever wants to know how long an hour is stays in the present. */
if (process.env['AN_HOUR_LATER'] === '1') {
  globalThis.Date = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, given: [], newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as Date,
    get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver)),
  });
}
