/** What Terraform says with `-json`, one object a line; of it, what a person follows. */
export interface Progress {
  /** For the job's platform log. */
  sentence?: string;
  /** What went wrong, whole. */
  error?: string;
}

/** In the words of our pages. */
const words: Record<string, string> = {
  google_compute_instance: 'the machine',
  google_compute_instance_iam_member: 'the machine’s right to remove itself',
  google_pubsub_topic: 'the topic',
  google_pubsub_subscription: 'the subscription',
  google_pubsub_topic_iam_member: 'a right on the topic',
  google_pubsub_subscription_iam_member: 'a right on the subscription',
  google_service_account: 'the service account',
  google_storage_bucket_iam_member: 'the right to the bucket',
};

interface Line {
  type?: string;
  '@level'?: string;
  '@message'?: string;
  diagnostic?: { severity?: string; summary?: string; detail?: string; address?: string };
  hook?: {
    resource?: { resource_type?: string; resource_name?: string };
    action?: string;
    elapsed_seconds?: number;
  };
}

const began: Record<string, string> = { create: 'Making', update: 'Changing', delete: 'Removing', read: 'Reading' };
const done: Record<string, string> = { create: 'is made', update: 'is changed', delete: 'is gone', read: 'is read' };

export function progressIn(line: string): Progress {
  const said = parsed(line);
  if (!said) return line.trim() === '' ? {} : { sentence: masked(line) };
  const { hook, diagnostic } = said;
  if (said.type === 'diagnostic' && diagnostic) {
    const text = masked([diagnostic.summary, diagnostic.detail].filter(Boolean).join(': '));
    const where = diagnostic.address ? `${diagnostic.address}: ` : '';
    return diagnostic.severity === 'error' ? { error: text, sentence: `Terraform: ${where}${text}` } : {};
  }
  const what = whatOf(said);
  const action = hook?.action ?? '';
  const seconds = hook?.elapsed_seconds ?? 0;
  switch (said.type) {
    case 'apply_start':
      return { sentence: `${began[action] ?? 'Working on'} ${what} …` };
    case 'apply_progress':
      return { sentence: `Still at ${what}, for ${seconds} s.` };
    case 'apply_complete':
      return { sentence: `${capital(what)} ${done[action] ?? 'is done'}, after ${seconds} s.` };
    case 'apply_errored':
      return { sentence: `${capital(what)}: it failed after ${seconds} s.` };
    default:
      return {};
  }
}

function parsed(line: string): Line | undefined {
  try {
    const content: unknown = JSON.parse(line);
    return typeof content === 'object' && content !== null ? content : undefined;
  } catch {
    return undefined;
  }
}

function whatOf({ hook }: Line): string {
  const { resource_type: type = '', resource_name: name = '' } = hook?.resource ?? {};
  if (type === 'google_pubsub_topic' && name === 'dead') return 'the topic for dead letters';
  return words[type] ?? `${type}.${name}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const secrets: [pattern: RegExp, by: string][] = [
  [/ya29\.[\w.-]+/g, '•••'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '•••'],
  [/\b(Bearer)\s+[\w.~+/-]+=*/gi, '$1 •••'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '•••'],
  [
    /("?(?:access_token|refresh_token|id_token|private_key|private_key_id|client_secret|password|secret|api_?key|assertion)"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|[^\s,&}]+)/gi,
    '$1•••',
  ],
];

/** What may go into a log. */
export function masked(text: string): string {
  return secrets.reduce((left, [pattern, by]) => left.replaceAll(pattern, by), text);
}
