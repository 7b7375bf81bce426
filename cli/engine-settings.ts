import type { Engine } from '../domain/engine.ts';

type SettingValue = string | number | boolean | null | string[];

/** `--set key=value …` as settings, each of the type that the engine declares; what it does not declare, the server names. */
export function settingsFrom(engine: Engine | undefined, given: readonly string[]): Record<string, SettingValue> {
  return Object.fromEntries(
    given.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new Error(`“${pair}” is not of the form key=value.`);
      const name = pair.slice(0, at);
      const declared = engine?.settings.find((setting) => setting.name === name);
      return [name, valueFrom(declared?.type, pair.slice(at + 1))];
    }),
  );
}

function valueFrom(type: string | undefined, text: string): SettingValue {
  if (type === 'boolean')
    return ['true', 'yes', '1'].includes(text) ? true : ['false', 'no', '0'].includes(text) ? false : text;
  if (type === 'choices') return text.split(',').map((item) => item.trim());
  if ((type === 'number' || type === 'integer') && text.trim() !== '' && !Number.isNaN(Number(text)))
    return Number(text);
  return text;
}

/** What `trainyard engines` prints: the help for `--set`, from the engines themselves. */
export function enginesText(engines: readonly (Engine & { ready: boolean })[]): string {
  return engines
    .map((engine) => {
      const state = engine.ready
        ? 'ready'
        : `first use downloads ${Math.round(engine.environment.downloadMegabytes)} MB`;
      const settings = engine.settings.map((setting) => {
        const choices = setting.choices.map(({ value }) => value).join(' | ');
        const range =
          setting.min === null && setting.max === null ? '' : ` (${setting.min ?? '…'} to ${setting.max ?? '…'})`;
        const type = choices === '' ? `${setting.type}${range}` : choices;
        return `  --set ${setting.name}=…  ${setting.help}\n      ${type}; ${JSON.stringify(setting.default)} unless told`;
      });
      return [`${engine.name}: ${engine.title} (${state})`, `  ${engine.summary}`, ...settings].join('\n');
    })
    .join('\n\n');
}
