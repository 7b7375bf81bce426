import { z } from 'zod';
import type { Engine, EngineSetting } from './engine.ts';

const longestText = 10_000;

/**
 * What one engine takes, from its declaration: what a request is checked with, and what the API says of itself, in types,
 * defaults, ranges and help. `null` is as good as silence: both take the default.
 */
export function settingsSchemaOf({ settings }: Pick<Engine, 'settings'>) {
  return z.strictObject(Object.fromEntries(settings.map((setting) => [setting.name, settingSchemaOf(setting)])));
}

function settingSchemaOf(setting: EngineSetting): z.ZodType {
  const { default: usual, title, help, choices } = setting;
  const options = choices.map((choice) => `${choice.value} – ${choice.title}`);
  const described = [`${title}.`, help, ...(options.length > 0 ? [`Choices: ${options.join('; ')}.`] : [])];
  return valueSchemaOf(setting)
    .nullish()
    .meta({ default: usual, description: described.filter((part) => part !== '').join(' ') });
}

function valueSchemaOf({ type, title, choices, min, max }: EngineSetting): z.ZodType {
  const options = choices.map(({ value }) => value);
  const said = options.join(', ');
  switch (type) {
    case 'boolean':
      return z.boolean({ error: `${title} is yes or no.` });
    case 'choice':
      return z.enum(options, { error: `${title} is one of ${said}.` });
    case 'choices':
      return z.array(z.enum(options, { error: `“${title}” takes one or more of: ${said}.` }), {
        error: `“${title}” takes one or more of: ${said}.`,
      });
    case 'text': {
      const error = `${title} is a text of at most ${longestText} characters.`;
      return z.string({ error }).max(longestText, { error });
    }
    default: {
      const whole = type === 'integer';
      let schema = whole
        ? z.int({ error: `${title} is a whole number.` })
        : z.number({ error: `${title} is a number.` });
      if (min !== null) schema = schema.min(min, { error: `${title} is at least ${min}.` });
      if (max !== null) schema = schema.max(max, { error: `${title} is at most ${max}.` });
      return schema;
    }
  }
}
