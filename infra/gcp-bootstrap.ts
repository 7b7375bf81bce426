/** What a project is prepared by. It stands apart, so that who asks for it needs none of the packages for Google Cloud. */
export interface GcpBootstrapOptions {
  project: string;
  region: string;
  /** Whether people may come to machines by ssh, through Google's own door (IAP). */
  ssh: boolean;
  /** `apply` and `destroy` change the project; the others only say what they would do. */
  act: 'plan' | 'apply' | 'plan-destroy' | 'destroy';
  terraform: string;
  providerMirror: string;
  cacheFolder: string;
  endpoint: string;
  say: (line: string) => void;
}

export type BootstrapGcp = (options: GcpBootstrapOptions) => Promise<void>;

/** Throws, in a sentence, when Google gives us no token. */
export type RequireSignedIn = (project: string, endpoint: string) => Promise<void>;
