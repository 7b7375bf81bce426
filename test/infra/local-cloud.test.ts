import { holdsCloudContract } from './cloud-contract.ts';
import { openLocalHouse } from './local-house.ts';

holdsCloudContract('the local cloud', openLocalHouse);
