import { TrainyardError } from '../../../domain/failures.ts';
import type { RequireSignedIn } from '../../gcp-bootstrap.ts';
import { failureOf } from '../errors.ts';
import { openAuth } from '../google-auth.ts';
import { signInAsOneself } from '../sign-in.ts';

/** Before anything is fetched or asked: the account of the workers is only made here, so it is a person who signs in. */
export const requireSignedIn: RequireSignedIn = async (project, endpoint) => {
  try {
    await openAuth(endpoint).getAccessToken();
  } catch (error) {
    const failure = failureOf(error, project);
    if (failure.type !== 'CredentialsMissing') throw failure;
    const hint = `Run: ${signInAsOneself}; then: gcloud auth application-default set-quota-project ${project}`;
    throw new TrainyardError(failure.type, failure.message, hint);
  }
};
