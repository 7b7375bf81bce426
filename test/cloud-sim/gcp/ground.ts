import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { Audit } from './audit.ts';
import { Clock } from './clock.ts';
import { Faults } from './faults.ts';
import { Policies } from './iam/policies.ts';
import { Records } from './records.ts';
import { Tokens } from './tokens.ts';

/** What all parts of the simulation stand on. */
export interface Ground {
  folder: string;
  project: string;
  projectNumber: string;
  records: Records;
  clock: Clock;
  audit: Audit;
  faults: Faults;
  tokens: Tokens;
  policies: Policies;
  /** As the API gives them: a number of nineteen digits, as text. */
  newId: () => string;
}

export function openGround(folder: string, project: string): Ground {
  const records = new Records(join(folder, 'state.db'));
  const clock = new Clock(records);
  const audit = new Audit(folder, clock);
  const accounts = records.kind('service-account');
  return {
    folder,
    project,
    projectNumber: '100000000001',
    records,
    clock,
    audit,
    faults: new Faults(records),
    tokens: new Tokens(records),
    policies: new Policies(records, audit, project, (email) => accounts.get(email) !== undefined),
    newId: () => `${randomInt(1_000_000_000, 9_000_000_000)}${randomInt(100_000_000, 999_999_999)}`,
  };
}
