import { jest } from '@jest/globals';
import { holdsCloudContract } from '../cloud-contract.ts';
import { openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();

if (why === undefined) {
  jest.setTimeout(240_000);
  // The provider waits in steps of seconds, for whatever it makes.
  // A call has some dozen acts, and each death costs half a minute there: early, in Terraform's own, and late.
  const crashesBefore = [1, 4, 8];
  const pace = { type: 'e2-standard-2', slower: 12, shortEndMs: 45_000, crashesBefore };
  holdsCloudContract('Google Cloud', () => openGcpHouse(), pace);
} else {
  test.skip(`Google Cloud keeps the contract of a cloud: ${why}`, () => {});
}
