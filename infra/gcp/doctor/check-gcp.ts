import type { CheckGcp, GcpCheckOptions, GcpFinding } from '../../gcp-checks.ts';
import { catalogue, latestPrices, type OfferedType } from '../catalogue.ts';
import { GoogleApi } from '../google-api.ts';
import { openAuth } from '../google-auth.ts';
import { type SignedIn, signedIn } from './credentials.ts';
import { imagesFit } from './image.ts';
import { look, type Looking, refused } from './look.ts';
import { networkThere, zonesUp } from './places.ts';
import { billingOn, machineRoleThere, permissionsHeld, projectThere, servicesOn } from './project.ts';
import { quotasLeft } from './quotas.ts';

const patience = 15_000;

/**
 * Whether a job could start in this project, by looking alone: nothing is made, and nothing costs. What stands on
 * credentials waits for these; the rest is asked at once.
 */
export const checkGcp: CheckGcp = async (options) => {
  const { project, endpoint, patienceMs = patience } = options;
  const offered = typesOffered(options);
  const auth = openAuth(endpoint);
  const looking: Looking = { api: new GoogleApi(auth, project, endpoint), project, patienceMs };
  let who: SignedIn | undefined;
  const credentials = await look('Credentials', looking, async () => {
    who = await signedIn(auth, project);
    return who.finding;
  });
  if (credentials.some(({ state }) => state === 'bad')) {
    const detail = 'project, APIs, permissions, network, images and quotas could not be asked without credentials';
    return [...offered.findings, ...credentials, { state: 'later', name: 'The rest', detail }];
  }
  const found = await Promise.all([
    look('Project', looking, () => projectThere(looking)),
    look('Billing', looking, () => billingOn(looking)),
    look('APIs', looking, () => servicesOn(looking)),
    look('Permissions', looking, () => permissionsHeld(looking, who?.member)),
    look('Machine role', looking, () => machineRoleThere(looking)),
    look('Zones', looking, () => zonesUp(looking, options.zones)),
    look('Network', looking, () => networkThere(looking, options)),
    ...(offered.types.length > 0
      ? [
          look('Image', looking, () => imagesFit(looking, options, offered.types)),
          look('Quotas', looking, () => quotasLeft(looking, offered.types, options.publicAddress)),
        ]
      : []),
  ]);
  return [...offered.findings, ...credentials, ...found.flat()];
};

/** Of the price list alone: zones and types that are in no list are found before Google is asked. */
function typesOffered(options: GcpCheckOptions): { types: OfferedType[]; findings: GcpFinding[] } {
  const name = 'Machines';
  const prices = latestPrices();
  try {
    const types = catalogue(prices, options);
    const [cheapest] = types;
    if (!cheapest) {
      const detail = `no type of gcpMachineTypes is in any of ${options.zones.join(', ')}`;
      return { types, findings: [{ state: 'bad', name, detail }] };
    }
    const price = (cheapest.pricePerHourMicros / 1_000_000).toFixed(3);
    const detail = `${types.length} types to choose from, ${cheapest.name} for $${price} an hour and more (prices of ${prices.date})`;
    return { types, findings: [{ state: 'good', name, detail }] };
  } catch (error) {
    return { types: [], findings: [refused(name, error, options.project)] };
  }
}
