import { gaxios, GoogleAuth } from 'google-auth-library';

const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
const googleTokens = 'https://oauth2.googleapis.com/token';

/**
 * Whoever the environment says we are (application default: a key file, workload identity, the machine's own account).
 * The library asks Google for the tokens of a key file whatever that says, so with an endpoint of one's own it is led there.
 */
export function openAuth(endpoint: string): GoogleAuth {
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
