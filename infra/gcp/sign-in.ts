const login = 'gcloud auth application-default login';

/** As the workers; docs/gcp.md, “Signing in”, has the other ways. */
export function signInAsYard(project: string): string {
  return `${login} --impersonate-service-account trainyard-yard@${project}.iam.gserviceaccount.com`;
}

/** As oneself: for bootstrap only, which makes the account of the workers. */
export const signInAsOneself = login;
