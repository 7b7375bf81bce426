import {
  BaseExternalAccountClient,
  Compute,
  type GoogleAuth,
  Impersonated,
  JWT,
  UserRefreshClient,
} from 'google-auth-library';
import type { GcpFinding } from '../../gcp-checks.ts';
import { signInAsYard } from '../sign-in.ts';

export interface SignedIn {
  finding: GcpFinding;
  /** As policies name it; undefined where nobody says who we are. */
  member: string | undefined;
}

/** Who the environment says we are, and whether Google gives that one a token. Nothing secret is in what comes back. */
export async function signedIn(auth: GoogleAuth, project: string): Promise<SignedIn> {
  const name = 'Credentials';
  const login = signInAsYard(project);
  let client: Awaited<ReturnType<GoogleAuth['getClient']>>;
  try {
    client = await auth.getClient();
  } catch (error) {
    const named = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    const detail = named
      ? `GOOGLE_APPLICATION_CREDENTIALS names ${named}, which is of no use: ${sentence(error)}`
      : 'there are none (application default): no key file, no login, no account of a machine';
    const mend = named ? `unset GOOGLE_APPLICATION_CREDENTIALS && ${login}` : login;
    return { finding: { state: 'bad', name, detail, mend }, member: undefined };
  }
  const kind = kindOf(client);
  let token: string | null | undefined;
  try {
    token = await auth.getAccessToken();
  } catch (error) {
    const detail = `${kind}: Google gives no token for it. ${sentence(error)}`;
    return { finding: { state: 'bad', name, detail, mend: login }, member: undefined };
  }
  if (!token) return { finding: { state: 'bad', name, detail: `${kind}: no token`, mend: login }, member: undefined };
  const email = await emailOf(auth, client, token);
  const detail = `${kind}${email ? `, ${email}` : ''}; Google gives it a token`;
  const isUser = client instanceof UserRefreshClient;
  const member = email && `${isUser ? 'user' : 'serviceAccount'}:${email}`;
  // Google asks for a project that stands for the requests of a person; those of an account have one.
  if (isUser && !client.quotaProjectId) {
    const mend = `gcloud auth application-default set-quota-project ${project}`;
    return { finding: { state: 'later', name, detail: `${detail}; no quota project is set`, mend }, member };
  }
  return { finding: { state: 'good', name, detail }, member };
}

function kindOf(client: unknown): string {
  if (client instanceof JWT) return 'the key file of a service account';
  if (client instanceof Impersonated) return 'an impersonated service account';
  if (client instanceof Compute) return "this machine's own account";
  if (client instanceof UserRefreshClient) return 'the login of a person';
  if (client instanceof BaseExternalAccountClient) return 'workload identity';
  return 'credentials of another kind';
}

async function emailOf(auth: GoogleAuth, client: unknown, token: string): Promise<string | undefined> {
  try {
    if (client instanceof JWT) return client.email;
    if (client instanceof Impersonated) return client.getTargetPrincipal();
    if (client instanceof BaseExternalAccountClient) return client.getServiceAccountEmail() ?? undefined;
    if (client instanceof UserRefreshClient) return (await client.getTokenInfo(token)).email;
    return (await auth.getCredentials()).client_email;
  } catch {
    // Who it is, is for the reader; what it may do is asked by itself.
    return undefined;
  }
}

/** The first line; libraries put whole requests into what they throw, with all that was sent. */
function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? '').replace(/^Unable to read .*?variable: /, '').slice(0, 200);
}
