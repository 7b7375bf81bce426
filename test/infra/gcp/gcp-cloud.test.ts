import { jest } from '@jest/globals';
import { holdsCloudContract } from '../cloud-contract.ts';
import { openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();

if (why === undefined) {
  jest.setTimeout(240_000);
  // The provider waits in steps of seconds, for whatever it makes.
  holdsCloudContract('Google Cloud', () => openGcpHouse(), { type: 'e2-standard-2', slower: 12, shortEndMs: 45_000 });
} else {
  test.skip(`Google Cloud keeps the contract of a cloud: ${why}`, () => {});
}
