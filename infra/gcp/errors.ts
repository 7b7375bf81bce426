import { type FailureType, TrainyardError } from '../../domain/failures.ts';
import { signInAsYard } from './sign-in.ts';

/** What Google or Terraform said, in whatever form it came. */
interface Said {
  status: number;
  reason: string;
  message: string;
}

interface Rule {
  type: FailureType;
  /** Not where this is said as well: then another rule knows better. */
  unless?: RegExp;
  /** Any of these is enough. */
  status?: number[];
  reason?: RegExp;
  message?: RegExp;
  say: (found: { said: Said; match: RegExpExecArray | null; project: string }) => [sentence: string, hint?: string];
}

/** That it may not be done, or not by this account: whatever was being done, that is why it failed. */
const refused = /Error 40[13]\b|Required '[^']+' permission|Permission '[^']+' denied|does not have [\w.]+ access/i;

const roles = 'docs/gcp.md lists what it needs; “./x doctor gcp” prints the exact command for what is missing.';

/** The only place where texts of others are looked into: from here on, there are types. The first that fits counts. */
const rules: readonly Rule[] = [
  {
    type: 'StateLocked',
    unless: refused,
    message: /Error acquiring the state lock|state blob is already locked|writing "gs:\S+\.tflock" failed/i,
    say: () => [
      'Terraform’s state of this job is locked by somebody who is still at work, or by a person.',
      'It goes on by itself once the lock is gone.',
    ],
  },
  {
    type: 'ProviderCrashed',
    message:
      /plugin crashed|Plugin did not respond|failed to respond to the plugin|Unrecognized remote plugin message|panic: /i,
    say: () => [
      'Terraform’s Google provider crashed in the middle of its work.',
      'It is tried again from what is there.',
    ],
  },
  {
    type: 'BillingDisabled',
    reason: /^BILLING_DISABLED$|^UREQ_PROJECT_BILLING|^billingNotEnabled$|^accountDisabled$/,
    message:
      /requires billing to be enabled|billing account for the owning project is disabled|billing to be enabled|Billing must be enabled/i,
    say: ({ project }) => [
      `The project ${project} has no billing account that works.`,
      `gcloud billing projects link ${project} --billing-account <ACCOUNT-ID>`,
    ],
  },
  {
    type: 'ApiDisabled',
    reason: /^SERVICE_DISABLED$|^accessNotConfigured$/,
    message: /has not been used in project \S+ before or it is disabled|API is not enabled|SERVICE_DISABLED/i,
    say: ({ said, project }) => {
      const service = /([a-z]+\.googleapis\.com)/.exec(said.message)?.[1] ?? serviceCalled(said.message);
      return [
        `${service ?? 'An API'} is not turned on in the project ${project}.`,
        `gcloud services enable ${service ?? '<SERVICE>'} --project ${project}`,
      ];
    },
  },
  {
    type: 'RateLimited',
    status: [429],
    reason: /rateLimitExceeded|^RATE_LIMIT_EXCEEDED$/i,
    message: /rate ?limit ?exceeded|Error 429|Quota exceeded for quota metric .* per minute/i,
    say: () => ['Google is asked too often just now.', 'It is tried again, later.'],
  },
  {
    type: 'RateLimited',
    reason: /^ABORTED$/,
    message: /concurrent policy changes|Error 409: .*\b(?:aborted|concurrent)\b/i,
    say: () => ['Somebody else changed the same thing at the same time.', 'It is tried again, later.'],
  },
  {
    type: 'QuotaExceeded',
    reason: /^quotaExceeded$|^QUOTA_EXCEEDED$/,
    message: /Quota '([^']+)' exceeded\.?\s+Limit: ([\d.]+)(?: in region (\S+?)\.?(?:[\s,]|$)| globally)?/i,
    say: ({ match, said, project }) => {
      const [, metric, limit, region] = match ?? [];
      if (!metric)
        return [`A quota of the project ${project} is used up: ${firstLine(said.message)}`, quotaHint(project)];
      const where = region ? `in ${region}` : 'in all regions together';
      return [
        `The quota ${metric} of the project ${project} is used up: ${Number(limit)} ${where}.`,
        quotaHint(project),
      ];
    },
  },
  {
    type: 'NoCapacity',
    reason: /ZONE_RESOURCE_POOL_EXHAUSTED|^STOCKOUT$|^resourcePoolExhausted$/i,
    message:
      /ZONE_RESOURCE_POOL_EXHAUSTED|does not have enough resources available|resource pool exhausted|currently unavailable in the (\S+) zone|STOCKOUT/i,
    say: ({ said }) => {
      const zone = /zones?[/ ]'?([a-z]+-[a-z]+\d+-[a-z])/.exec(said.message)?.[1];
      return [
        `Google has no machine of this type left${zone ? ` in ${zone}` : ''}.`,
        'Another zone or type may have one.',
      ];
    },
  },
  {
    type: 'NoCapacity',
    message:
      /Invalid value for field 'resource\.(machineType|guestAccelerators\S*)'|Machine type with name '([^']+)' does not exist in zone|acceleratorTypes\/\S+' was not found/i,
    say: () => ['The zone does not offer this machine.', 'Another zone may.'],
  },
  {
    type: 'ImageMissing',
    message: /could not find image or family '?([\w-]+)|images\/(?:family\/)?([\w-]+)'? was not found/i,
    say: ({ match, project }) => [
      `The machine image “${match?.[1] ?? match?.[2] ?? ''}” is not in the project ${project}.`,
      'Build it: docs/gcp.md, “The machine image”.',
    ],
  },
  {
    type: 'PermissionPending',
    message: /service-\d+@gcp-sa-pubsub\S* (?:does not exist|was not found)/i,
    say: ({ project }) => [
      'Google’s own Pub/Sub account of this project is not there yet: Google makes it when it is first needed.',
      `If it stays so: gcloud beta services identity create --service=pubsub.googleapis.com --project ${project}`,
    ],
  },
  {
    type: 'PermissionPending',
    message:
      /Service account (\S+) does not exist|service account '?(\S+?)'? was not found|Identity Pool does not exist|serviceAccounts\/\S+ (?:was )?not found/i,
    say: () => [
      'Google has not spread the word of the new service account yet.',
      'It takes seconds, at times minutes; it is tried again.',
    ],
  },
  {
    type: 'CredentialsMissing',
    status: [401],
    message:
      /Error 401\b|could not (?:find|load) (?:the )?default credentials|invalid_grant|invalid_client|No valid credentials|credentials are missing|ENOENT.*credential|google: could not find default/i,
    say: ({ project }) => [
      'There are no credentials for Google that work.',
      `Run: ${signInAsYard(project)}; or name a key file in GOOGLE_APPLICATION_CREDENTIALS. docs/gcp.md, “Signing in”.`,
    ],
  },
  {
    type: 'PermissionDenied',
    status: [403],
    reason: /^IAM_PERMISSION_DENIED$|^PERMISSION_DENIED$/,
    message:
      /Required '[^']+' permission|Permission '[^']+' denied|does not have [\w.]+ access|Error 403|PERMISSION_DENIED/i,
    say: ({ said, project }) => {
      const named = /Required '([^']+)'|Permission '([^']+)' denied|does not have ([\w.]+) access/i.exec(said.message);
      const permission = named?.slice(1).find(Boolean);
      return [
        permission
          ? `Trainyard’s account may not do “${permission}” in the project ${project}.`
          : `Trainyard’s account may not do this in the project ${project}.`,
        roles,
      ];
    },
  },
  {
    type: 'NameTaken',
    status: [409],
    message: /already exists|bucket name is not available|alreadyExists|Error 409/i,
    say: ({ said }) => [`Something of that name is there already: ${firstLine(said.message)}`],
  },
];

/** What the computer says before a word of Google's has come. */
const unreachable = /getaddrinfo|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|dial tcp/;

/** In the order of the rules; docs/gcp.md has a row for each. */
export const cloudFailures: readonly FailureType[] = [...new Set(rules.map(({ type }) => type)), 'CloudNotUsable'];

/** Every failure of Google's APIs and of Terraform, as one of ours with the sentence that a person needs. */
export function failureOf(error: unknown, project: string): TrainyardError {
  if (error instanceof TrainyardError) return error;
  const said = saidIn(error);
  for (const { type, unless, status, reason, message, say } of rules) {
    if (unless?.test(said.message)) continue;
    const match = message?.exec(said.message) ?? null;
    if (!match && !status?.includes(said.status) && !reason?.test(said.reason)) continue;
    const [sentence, hint] = say({ said, match, project });
    return new TrainyardError(type, sentence, hint);
  }
  if (unreachable.test(said.message))
    return new TrainyardError(
      'CloudUnavailable',
      `Google could not be reached (${firstLine(said.message)}): network or proxy.`,
      'Ask: ./x doctor gcp',
    );
  return new TrainyardError('CloudUnavailable', `Google did not do it: ${firstLine(said.message)}`);
}

/** fetch, the client libraries and Terraform's diagnostics each have their own form. */
function saidIn(error: unknown): Said {
  if (typeof error === 'string') return { status: 0, reason: '', message: error };
  const given = (typeof error === 'object' && error !== null ? error : {}) as {
    status?: unknown;
    code?: unknown;
    reason?: unknown;
    message?: unknown;
    errors?: { reason?: unknown }[];
    cause?: { message?: string; code?: string };
  };
  const status = [given.status, given.code].map(Number).find((one) => one >= 400 && one < 600) ?? 0;
  const reasons = [given.reason, given.errors?.[0]?.reason].filter((one) => typeof one === 'string');
  const cause = given.cause?.message ?? given.cause?.code;
  const message = [String(given.message ?? error), ...(cause ? [cause] : [])].join(': ');
  return { status, reason: reasons[0] ?? '', message };
}

function quotaHint(project: string): string {
  return `Ask for more at https://console.cloud.google.com/iam-admin/quotas?project=${project}, or use another type or region.`;
}

function serviceCalled(message: string): string | undefined {
  const title = /([A-Z][\w/ ]*?) API has not been used/.exec(message)?.[1];
  return {
    'Compute Engine': 'compute.googleapis.com',
    'Cloud Pub/Sub': 'pubsub.googleapis.com',
    'Identity and Access Management (IAM)': 'iam.googleapis.com',
    'Cloud Resource Manager': 'cloudresourcemanager.googleapis.com',
    'Cloud Storage': 'storage.googleapis.com',
  }[title ?? ''];
}

function firstLine(text: string): string {
  return (text.trim().split('\n')[0] ?? '').slice(0, 300);
}
