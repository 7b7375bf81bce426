import { z } from 'zod';
import type { Engine } from '../../../domain/engine.ts';
import { settingsSchemaOf } from '../../../domain/engine-settings-schema.ts';

/** What a request may say of an engine, engine by engine: told apart by `name`. Undefined where there are none. */
export function engineChoicesSchema(engines: readonly Engine[]): z.ZodType | undefined {
  const [first, ...others] = engines.map((engine) =>
    z
      .strictObject({
        name: z.literal(engine.name),
        settings: settingsSchemaOf(engine).default({}).meta({ description: 'What is not said is the default.' }),
      })
      .meta({ id: schemaIdOf(engine), description: engine.summary }),
  );
  return first && z.discriminatedUnion('name', [first, ...others]).meta({ id: 'EngineChoice' });
}

/** `hist_boost` is `HistBoostEngine`. */
function schemaIdOf({ name }: Engine): string {
  return `${name.replaceAll(/(?:^|_)([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())}Engine`;
}
