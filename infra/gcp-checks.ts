import type { GcpCloudOptions } from './gcp-options.ts';

/** One thing that was looked at in the cloud. `later`: a job can start, or it cannot be known; `mend` is a command. */
export interface GcpFinding {
  state: 'good' | 'later' | 'bad';
  name: string;
  detail: string;
  mend?: string;
}

/** What the checks are told. It stands apart, so that who runs them needs none of the packages for Google Cloud. */
export interface GcpCheckOptions
  extends Pick<
    GcpCloudOptions,
    | 'project'
    | 'zones'
    | 'network'
    | 'subnetwork'
    | 'publicAddress'
    | 'image'
    | 'setUpAtBoot'
    | 'machineTypes'
    | 'endpoint'
    | 'trainerHash'
    | 'trainerFolder'
  > {
  /** For each single check. */
  patienceMs?: number;
}

export type CheckGcp = (options: GcpCheckOptions) => Promise<GcpFinding[]>;
