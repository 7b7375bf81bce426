import { continuingWords, type Engine } from '../domain/engine.ts';

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

function continuingLines(engine: Engine): string[] {
  const words = continuingWords(engine);
  if (!words) return engine.continues ? [] : ['  --continue …  It cannot go on from a kept model.'];
  const choices = words.choices.map(({ value, sentence }) => `      ${value}: ${sentence}`);
  return [`  --continue …  ${words.sentence}`, ...choices];
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
      const head = [`${engine.name}: ${engine.title} (${state})`, `  ${engine.summary}`];
      return [...head, ...settings, ...continuingLines(engine)].join('\n');
    })
    .join('\n\n');
}
