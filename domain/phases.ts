/** Where a job is. The order is the order on the track; a new attempt goes back to `provisioning`. */
export const phases = ['queued', 'preparing', 'provisioning', 'training', 'collecting', 'releasing', 'done'] as const;

export type Phase = (typeof phases)[number];

/** The word on the page for a phase, for a job and for a prediction. */
export const phaseWords: Record<Phase, { job: string; prediction: string }> = {
  queued: { job: 'Queued', prediction: 'Queued' },
  preparing: { job: 'Preparing', prediction: 'Preparing' },
  provisioning: { job: 'Machine', prediction: 'Machine' },
  training: { job: 'Training', prediction: 'Predicting' },
  collecting: { job: 'Collecting', prediction: 'Collecting' },
  releasing: { job: 'Releasing', prediction: 'Releasing' },
  done: { job: 'Done', prediction: 'Done' },
};

/** Which phases may follow which. The database refuses any other move, so a late write cannot reopen a done job. */
const next: Record<Phase, readonly Phase[]> = {
  queued: ['preparing', 'releasing', 'done'],
  preparing: ['provisioning', 'releasing'],
  provisioning: ['training', 'collecting', 'releasing'],
  training: ['provisioning', 'collecting', 'releasing'],
  collecting: ['releasing'],
  releasing: ['done'],
  done: [],
};

export function mayFollow(from: Phase, to: Phase): boolean {
  return from === to || next[from].includes(to);
}

/** The phases from which `to` may be entered; `to` itself included, so that entering twice is the same as once. */
export function phasesBefore(to: Phase): Phase[] {
  return phases.filter((from) => mayFollow(from, to));
}
