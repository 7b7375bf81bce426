import type { Holder } from '../domain/ids.ts';
import type { Dependencies } from './dependencies.ts';
import { workOf } from './holders.ts';
import { saying } from './saying.ts';
import { writeEntry } from './timeline-entry.ts';

export function engineActivities(dependencies: Dependencies) {
  const { stores, prepareEnvironment } = dependencies;
  return {
    /**
     * Where machines are of this host. Elsewhere a machine brings the environments of its engines with its image.
     *
     * Safe to retry: an environment is named by the hash of its lock file; one that is ready is found again.
     */
    async prepareEngine(request: Holder & { engine: string }): Promise<void> {
      const { machine } = (await workOf(dependencies, request)).spec;
      if (dependencies.clouds.get(machine.cloud)?.isRemote) return;
      const note = (key: string, text: string) =>
        writeEntry(dependencies, { kind: request.kind, id: request.id, attempt: 0 }, { kind: 'note', key, text });
      let told: Promise<void> | undefined;
      await saying(stores, request, async (say) => {
        await prepareEnvironment(request.engine, (sentence) => {
          // One that is ready says nothing. That it cannot be noted is no reason to give up.
          told ??= note(
            'engine-preparing',
            'Preparing the environment of its engine. The first time this takes minutes.',
          ).catch(() => {});
          say(sentence);
        });
      });
      if (!told) return;
      await told;
      await note('engine-ready', 'The environment of its engine is ready.');
    },
  };
}
