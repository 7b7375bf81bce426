import type { Cloud, Obstacle } from './cloud.ts';
import type { Store } from './store.ts';

/** What the house on Google Cloud is told. It stands apart, so that who opens it needs none of the packages for it. */
export interface GcpCloudOptions {
  project: string;
  /** In order of preference; the first one's region is where buckets lie. */
  zones: readonly string[];
  network: string;
  subnetwork: string;
  publicAddress: boolean;
  /** A family of the project, or the address of one image; '' is the family of Trainyard's own. */
  image: string;
  /** A machine of a plain image sets itself up, where no image has this trainer. */
  setUpAtBoot?: boolean;
  machineTypes: readonly string[];
  places: number;
  terraform: string;
  providerMirror: string;
  /** How many Terraforms make things at once, and as many again take them away. */
  terraformAtOnce: number;
  /** Where Google's APIs are; '' is Google. */
  endpoint: string;
  pubsubEndpoint: string;
  installationId: string;
  host: string;
  dataFolder: string;
  cacheFolder: string;
  store: Store;
  heartbeatSeconds: number;
  logCapBytes: number;
  /** Which trainer an image must carry; '' takes any. */
  trainerHash: string;
  /** What that trainer is made of. */
  trainerFolder: string;
  /** The settings name it no more, or nothing new can be made for another reason: only what is there is taken care of. */
  obstacle?: Obstacle;
  isLeft?: true;
  /** How long one createMachine may take over all zones; only tests say it. */
  makeWithinMs?: number;
  measured?: (part: string, ms: number) => void;
}

export type OpenGcpCloud = (options: GcpCloudOptions) => Cloud;
