import { type FailureType, TrainyardError } from '../domain/failures.ts';
import type { Holder } from '../domain/ids.ts';
import type { Dependencies } from './dependencies.ts';
import { warnOnPage } from './timeline-entry.ts';

/** What a cloud is tried again for, and what a person may have to mend meanwhile. */
const toBeTold: ReadonlySet<FailureType> = new Set<FailureType>([
  'CloudNotUsable',
  'RateLimited',
  'ApiDisabled',
  'PermissionDenied',
  'PermissionPending',
  'CredentialsMissing',
  'BillingDisabled',
  'ImageMissing',
  'NameTaken',
  'StateLocked',
  'ProviderCrashed',
]);

/** Does something in a cloud; what it is refused stands on the page of whoever it is for, once for each kind of refusal. */
export async function tellingTrouble<T>(
  dependencies: Dependencies,
  holder: Holder & { attempt?: number },
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof TrainyardError && toBeTold.has(error.type)) await tell(dependencies, holder, error);
    throw error;
  }
}

async function tell(
  dependencies: Dependencies,
  { kind, id, attempt = 0 }: Holder & { attempt?: number },
  { type, message, hint }: TrainyardError,
): Promise<void> {
  const text = `${[message, hint].filter(Boolean).join(' ')} It is tried again.`;
  try {
    await warnOnPage(dependencies, { kind, id, attempt }, { key: `cloud-${type}-${attempt}`, text });
  } catch {
    // That it cannot be told is no reason to lose what is to be told: the failure itself goes on.
  }
}
