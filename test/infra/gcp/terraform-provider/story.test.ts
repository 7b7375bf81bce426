import { type GoogleProvider, hasOwnProvider, ownProvider, realProvider } from '../../../cloud-sim/gcp/google-provider.ts';
import { describeSimulated } from '../../../cloud-sim/gcp/describe-simulated.ts';
import { tellStory, type Told } from './story.ts';

const real = await realProvider();
const providers: [name: string, provider: GoogleProvider][] = [];
if (hasOwnProvider()) providers.push(['our stand-in', await ownProvider()]);
if (real) providers.push(["Google's real provider", real]);

describeSimulated('the stacks', () => {
  const told = new Map<string, Told>();
  for (const [name, provider] of providers) {
    test(`x ${name}`, async () => {
      told.set(name, await tellStory(provider));
      (await import("node:fs")).writeFileSync(`/tmp/told-${provider.kind}.json`, JSON.stringify(told.get(name), null, 1));
    }, 400_000);
  }
});
