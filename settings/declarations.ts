import { homedir, cpus } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';

/** Where a default may depend on the machine: what it needs to know, so that tests can say it. */
export interface Surroundings {
  env: Record<string, string | undefined>;
  home: string;
  cores: number;
}

export function thisMachine(env: Record<string, string | undefined>): Surroundings {
  return { env, home: homedir(), cores: cpus().length };
}

/** One setting: what it takes, what it is when nobody says, and what it means, in words for docs/settings.md. */
export interface Declaration<Value> {
  schema: z.ZodType<Value>;
  default: Value | ((surroundings: Surroundings) => Value);
  /** How the default reads in the docs when it depends on the machine. */
  defaultInWords?: string;
  /** What a value has to be: the end of the sentence "… takes". */
  takes: string;
  meaning: string;
  /** A path: `~` is the home folder, and a relative one starts where Trainyard was started. */
  path?: true;
}

/** Numbers come as text from the environment and as numbers from YAML. */
const numeric = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value);
const thousands = (value: number) => value.toLocaleString('en-US');

function whole(min: number, max: number) {
  return {
    schema: z.preprocess(numeric, z.int().min(min).max(max)),
    takes: `a whole number from ${thousands(min)} to ${thousands(max)}`,
  };
}

function port() {
  return { schema: z.preprocess(numeric, z.int().min(1).max(65_535)), takes: 'a port: a whole number from 1 to 65535' };
}

function text() {
  return { schema: z.string().transform((value) => value.trim()), takes: 'text' };
}

function path() {
  return { schema: z.string().trim(), takes: 'the path of a file or folder', path: true as const };
}

function yesOrNo() {
  const words = new Map<unknown, boolean>(
    [true, 'true', 'yes', '1', 'on'].map((word) => [word, true] as [unknown, boolean]),
  );
  for (const word of [false, 'false', 'no', '0', 'off']) words.set(word, false);
  return {
    schema: z.preprocess(
      (value) => words.get(typeof value === 'string' ? value.trim().toLowerCase() : value),
      z.boolean(),
    ),
    takes: 'yes or no',
  };
}

function list() {
  const split = (value: unknown) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '')
      : value;
  return { schema: z.preprocess(split, z.array(z.string())), takes: 'a list, with commas between (in YAML: a list)' };
}

function folderOf(variable: 'XDG_DATA_HOME' | 'XDG_CACHE_HOME', otherwise: string) {
  return ({ env, home }: Surroundings) => {
    const base = env[variable];
    return join(base && isAbsolute(base) ? base : join(home, otherwise), 'trainyard');
  };
}

const addressSchema = z
  .string()
  .trim()
  .regex(/^([A-Za-z0-9._-]+:\d{1,5}|\[[0-9A-Fa-f:]+\]:\d{1,5})?$/);

const databaseSchema = z
  .string()
  .trim()
  .regex(/^(mysql:\/\/.+)?$/);

/** Every setting there is. docs/settings.md holds the same table, and a test compares the two. */
export const declarations = {
  dataFolder: {
    ...path(),
    default: folderOf('XDG_DATA_HOME', '.local/share'),
    defaultInWords: '`$XDG_DATA_HOME/trainyard`, else `~/.local/share/trainyard`',
    meaning: 'Everything worth keeping: database, Temporal history, store, local machines, logs. Back this up.',
  },
  cacheFolder: {
    ...path(),
    default: folderOf('XDG_CACHE_HOME', '.cache'),
    defaultInWords: '`$XDG_CACHE_HOME/trainyard`, else `~/.cache/trainyard`',
    meaning: 'What can be made again: Node, the Temporal server, Python environments, the workflow bundle.',
  },
  webHost: {
    ...text(),
    default: '127.0.0.1',
    meaning: 'The address that the web server listens on. Anything but loopback also needs `allowedHosts`.',
  },
  webPort: { ...port(), default: 8700, meaning: 'Port of the pages and of the API.' },
  temporalPort: { ...port(), default: 8701, meaning: 'Port of the embedded Temporal server, on loopback.' },
  temporalUiPort: {
    ...port(),
    default: 8702,
    meaning: "Port of the embedded Temporal server's own pages, on loopback.",
  },
  workerMetricsPort: {
    ...port(),
    default: 8703,
    meaning: 'Port of the Prometheus metrics of the workers, on loopback.',
  },
  temporalAddress: {
    schema: addressSchema,
    takes: 'host:port, or nothing',
    default: '',
    meaning: 'Address of a Temporal server of your own (`host:port`). Empty: the embedded one on `temporalPort`.',
  },
  temporalNamespace: { ...text(), default: 'default', meaning: 'Namespace on the Temporal server.' },
  temporalTlsCertPath: {
    ...path(),
    default: '',
    meaning: 'Client certificate (PEM) for the Temporal server; goes with `temporalTlsKeyPath`.',
  },
  temporalTlsKeyPath: {
    ...path(),
    default: '',
    meaning: 'Key (PEM) of the client certificate for the Temporal server.',
  },
  temporalTlsCaPath: {
    ...path(),
    default: '',
    meaning: "Certificate (PEM) of the authority that signed the Temporal server's own, when it is not a public one.",
  },
  temporalApiKey: { ...text(), default: '', meaning: 'API key for Temporal Cloud. Turns TLS on.' },
  databaseUrl: {
    schema: databaseSchema,
    takes: 'an address that begins with mysql://, or nothing',
    default: '',
    meaning:
      'Database, as `mysql://user:password@host:port/name`. Empty: the SQLite file `trainyard.sqlite` in `dataFolder`.',
  },
  storeFolder: {
    ...path(),
    default: '',
    defaultInWords: '`store` in `dataFolder`',
    meaning: 'Where datasets, models, reports and logs are kept for good.',
  },
  localPlaces: {
    ...whole(1, 1024),
    default: ({ cores }: Surroundings) => Math.max(1, Math.floor(cores / 2)),
    defaultInWords: 'half the cores, at least 1',
    meaning: 'How many jobs may train on this machine at once.',
  },
  localPricePerHour: {
    schema: z.preprocess(numeric, z.number().min(0).max(10_000)),
    takes: 'dollars, from 0 to 10,000',
    default: 0,
    meaning: 'What an hour of this machine costs, in dollars; costs of local jobs follow it.',
  },
  workspaceMachines: {
    ...whole(0, 100_000),
    default: 0,
    meaning: 'How many machines a workspace may have at once, over all clouds; what is more waits. 0 for no limit.',
  },
  workspaceMonthlyDollars: {
    schema: z.preprocess(numeric, z.number().min(0).max(100_000_000)),
    takes: 'dollars, from 0 to 100,000,000',
    default: 0,
    meaning:
      'What a workspace may spend in a calendar month, the worst case of what is open included; a job beyond that is refused. 0 for no limit.',
  },
  heartbeatSeconds: {
    ...whole(1, 300),
    default: 10,
    meaning: 'How often a machine says that it is alive, with its CPU, memory and disk.',
  },
  uploadLimitMb: {
    ...whole(1, 1_000_000),
    default: 10_240,
    meaning: 'The largest file that can be uploaded, in MB; also the most that a packed one may be unpacked to.',
  },
  urlImports: {
    ...yesOrNo(),
    default: false,
    meaning:
      'Whether people may have files fetched from https, http, gs:// and s3:// addresses; of the open network, and of `urlImportHosts`.',
  },
  urlImportHosts: {
    ...list(),
    default: [] as string[],
    defaultInWords: 'none',
    meaning:
      'Hosts of your own network from which files may be fetched as well, as `name` or `name:port`; needs `urlImports`.',
  },
  logCapMb: {
    ...whole(1, 100_000),
    default: 1024,
    meaning: 'The most that is kept of the log of one job, in MB; where it was cut is shown.',
  },
  logRetentionDays: {
    ...whole(0, 36_500),
    default: 365,
    meaning: 'How long the logs of done jobs and predictions are kept, in days; 0 for ever.',
  },
  predictionRetentionDays: {
    ...whole(0, 36_500),
    default: 0,
    meaning: 'How long the output of a done prediction is kept, in days; 0 for ever. Its entry in the list stays.',
  },
  unusedDatasetRetentionDays: {
    ...whole(0, 36_500),
    default: 0,
    meaning:
      'How long a dataset is kept that no job, prediction, preparation or recipe uses, in days from its upload or its last use; 0 for ever.',
  },
  lowDiskMb: {
    ...whole(0, 10_000_000),
    default: 1024,
    meaning:
      'With less free disk than this, in MB, new jobs are refused; with less than half of it, running ones wait with their logs.',
  },
  allowedHosts: {
    ...list(),
    default: [] as string[],
    defaultInWords: 'none',
    meaning:
      'Further names by which browsers may reach the web server (`yard.example.org`); loopback names always may.',
  },
  trustForeignModels: {
    ...yesOrNo(),
    default: false,
    meaning:
      'Load models that this installation did not sign. A model can run any code: say yes only if you trust all who made them.',
  },
  maxCachedWorkflows: {
    ...whole(1, 100_000),
    default: 200,
    meaning: 'Workflows that a worker keeps in memory, at about a quarter of a megabyte each.',
  },
  pythonPath: {
    ...path(),
    default: '',
    defaultInWords: '`python3` on the `PATH`',
    meaning: 'The Python (3.10 or newer) that the environments of the engines are made from.',
  },
  trainerFolder: {
    ...path(),
    default: '',
    defaultInWords: '`trainer-image` of this checkout',
    meaning: 'Where the trainer, its engines and the runner are: a copy of `trainer-image` with engines of your own.',
  },
  gcpProject: {
    ...text(),
    default: '',
    meaning:
      'The Google Cloud project that machines may be made in. Empty: Google Cloud is not offered; what is open in the one of before is taken down.',
  },
  gcpZones: {
    ...list(),
    default: ['us-central1-a', 'us-central1-b', 'us-central1-c'],
    meaning: 'Zones in the order in which a machine is looked for. Buckets lie in the region of the first.',
  },
  gcpNetwork: { ...text(), default: 'default', meaning: 'The network of the machines on Google Cloud.' },
  gcpSubnetwork: {
    ...text(),
    default: '',
    meaning: 'Their subnetwork (`regions/…/subnetworks/…`), where the network does not make one in each region.',
  },
  gcpPublicAddress: {
    ...yesOrNo(),
    default: true,
    meaning: 'Whether they get an address of the open network. No: the subnetwork needs Private Google Access.',
  },
  gcpImage: {
    ...text(),
    default: '',
    defaultInWords: 'the families `trainyard-cpu` and `trainyard-gpu` of the project',
    meaning: 'The image that they boot from: a family of the project, or the address of an image.',
  },
  gcpSetUpAtBoot: {
    ...yesOrNo(),
    default: false,
    meaning:
      'Where no image has this trainer: boot `gcpImage`, or plain Debian 12, and set it up then. Minutes that are billed and count as training time; it needs the open network.',
  },
  gcpMachineTypes: {
    ...list(),
    default: [] as string[],
    defaultInWords: 'all of the price list',
    meaning: 'The machine types that people may choose on Google Cloud.',
  },
  gcpPlaces: { ...whole(1, 10_000), default: 5, meaning: 'How many jobs may train on Google Cloud at once.' },
  gcpTerraform: {
    ...text(),
    default: '',
    defaultInWords: '`terraform` on the `PATH`, else what `./x` brought',
    meaning: 'The program that makes machines: Terraform 1.5 or newer, or OpenTofu (`tofu`).',
  },
  gcpTerraformAtOnce: {
    ...whole(1, 100),
    default: 4,
    meaning:
      'How many Terraforms of one workers process make things at once, and as many again take things away. Each needs 300 MB of memory, and a core for two seconds.',
  },
  gcpProviderMirror: {
    ...path(),
    default: '',
    meaning:
      "Folder of a Terraform filesystem mirror that holds the Google provider, where Terraform's registry is out of reach.",
  },
  gcpEndpoint: {
    ...text(),
    default: '',
    meaning: "One address behind which all of Google's APIs are, for tests. Empty: Google's own.",
  },
  gcpPubsubEndpoint: {
    ...text(),
    default: '',
    meaning: "The same for Pub/Sub over gRPC, as `host:port`. Empty: Google's own.",
  },
} satisfies Record<string, Declaration<unknown>>;

export type SettingName = keyof typeof declarations;
export const settingNames = Object.keys(declarations) as SettingName[];

/** `webPort` is `TRAINYARD_WEB_PORT` in the environment. */
export function environmentName(name: string): string {
  return `TRAINYARD_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `~` and relative paths, made absolute once, so that no process depends on where it was started. */
export function absolutePath(value: string, home: string, startedIn: string): string {
  if (value === '') return '';
  if (value === '~') return home;
  return value.startsWith('~/') ? join(home, value.slice(2)) : resolve(startedIn, value);
}
