import { TrainyardError } from '../../domain/failures.ts';
import { byPlainNames } from '../../infra/engine-settings.ts';
import type { ServiceOptions } from './options.ts';
import { Refused } from './refused.ts';
import type { EngineService } from './services.ts';

export function engineService({ engines }: ServiceOptions): EngineService {
  return {
    async list() {
      const all = await engines.describe();
      return Promise.all(all.map(async (engine) => ({ ...engine, ready: await engines.isReady(engine.name) })));
    },
    async get(name) {
      return (await engines.describe()).find((engine) => engine.name === name);
    },
    async readSettings(name, text) {
      const all = await engines.describe();
      const engine = all.find((each) => each.name === name);
      if (!engine) {
        const known = all.map((each) => each.name).join(', ');
        throw new Refused(404, 'No such engine', `There is no engine “${name}”. There are: ${known}.`);
      }
      try {
        return await (engines.readSettings?.(engine, text) ?? byPlainNames(engine, text));
      } catch (error) {
        if (error instanceof TrainyardError && error.type === 'BadSettings')
          throw new Refused(422, 'These settings cannot be read', error.message);
        throw error;
      }
    },
  };
}
