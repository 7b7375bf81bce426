/**
 * Every way something can fail, in three families:
 * user – the person's data or settings: not retried, the message is shown to them;
 * platform – machines, networks, disks: retried;
 * bug – ours: tried a few times, logged as an error.
 * Code branches on the type, never on the text of a message.
 */
export const failureFamilies = {
  BadSpec: 'user',
  BadData: 'user',
  BadLabel: 'user',
  BadSettings: 'user',
  ModelNotTrusted: 'user',
  NotFound: 'user',
  OverBudget: 'user',
  TooLittleTime: 'user',
  MachineLost: 'platform',
  MachineSilent: 'platform',
  MachineExpired: 'platform',
  /** The cloud took it back, and said so before: a spot machine, or maintenance of its host. */
  MachinePreempted: 'platform',
  OutOfMemory: 'platform',
  ResultDamaged: 'platform',
  NoCapacity: 'platform',
  QuotaExceeded: 'platform',
  DiskFull: 'platform',
  EngineUnavailable: 'platform',
  CloudUnavailable: 'platform',
  /** Its settings do not hold; what is there can still be removed. */
  CloudNotUsable: 'platform',
  // What a person has to mend in the cloud's own settings is retried all the same: nothing may be left behind meanwhile.
  RateLimited: 'platform',
  ApiDisabled: 'platform',
  PermissionDenied: 'platform',
  PermissionPending: 'platform',
  CredentialsMissing: 'platform',
  BillingDisabled: 'platform',
  ImageMissing: 'platform',
  NameTaken: 'platform',
  StateLocked: 'platform',
  ProviderCrashed: 'platform',
  DatabaseUnavailable: 'platform',
  CreateRevoked: 'platform',
  RelaySuperseded: 'platform',
  HistoryLost: 'platform',
  TrainerBug: 'bug',
  Bug: 'bug',
} as const;

export type FailureType = keyof typeof failureFamilies;
export type FailureFamily = 'user' | 'platform' | 'bug';

export interface Failure {
  type: FailureType;
  /** One or two sentences for a person: what happened, and what to do. */
  message: string;
}

export function familyOf(type: FailureType): FailureFamily {
  return failureFamilies[type];
}

export function isFailureType(type: unknown): type is FailureType {
  return typeof type === 'string' && Object.hasOwn(failureFamilies, type);
}

/** Thrown by plain code (data, infra, services); activities turn it into a Temporal failure of the same type. */
export class TrainyardError extends Error {
  readonly type: FailureType;
  /** What the person can do about it. */
  readonly hint: string | undefined;
  constructor(type: FailureType, message: string, hint?: string) {
    super(message);
    this.name = 'TrainyardError';
    this.type = type;
    this.hint = hint;
  }
}

/** What the trainer's exit code means when it said nothing else. */
export const exitCodes = { done: 0, user: 65, bug: 70, platform: 75, stopped: 143 } as const;

/**
 * Types that Temporal must not retry: a person has to act first, or it is being taken down. A relay that was superseded
 * is retried: by its own successor, and then nobody waits for its answer; or by one that was long given up and woke
 * late, and then it must take over again.
 */
export const notRetried: FailureType[] = [
  ...(Object.keys(failureFamilies) as FailureType[]).filter((type) => failureFamilies[type] === 'user'),
  'CreateRevoked',
  'ResultDamaged',
];
