import { gaxios, GoogleAuth } from 'google-auth-library';

const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
const googleTokens = 'https://oauth2.googleapis.com/token';

/**
 * Whoever the environment says we are (application default: a key file, workload identity, the machine's own account).
 * The library asks Google for the tokens of a key file whatever that says, so with an endpoint of one's own it is led there.
 */
export function openAuth(endpoint: string): GoogleAuth {
  keepMetadataQuiet();
  if (!endpoint) return new GoogleAuth({ scopes });
  const transporter = new gaxios.Gaxios();
  transporter.interceptors.request.add({
    resolved: async (options) => {
      if (String(options.url) === googleTokens) options.url = new URL(`${endpoint}/token`);
      return options;
    },
  });
  return new GoogleAuth({ scopes, clientOptions: { transporter } });
}

let isQuiet = false;

/** Where there is no metadata server, the library warns of it on every look; what comes of it is told as missing credentials. */
function keepMetadataQuiet(): void {
  if (isQuiet) return;
  isQuiet = true;
  const warn = process.emitWarning.bind(process) as (...given: unknown[]) => void;
  process.emitWarning = (...given: unknown[]) => {
    const [, kind] = given;
    const name = typeof kind === 'object' && kind !== null ? (kind as { type?: unknown }).type : kind;
    if (name !== 'MetadataLookupWarning') warn(...given);
  };
}
