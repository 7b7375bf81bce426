import type { ServiceOptions } from './options.ts';
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
  };
}
