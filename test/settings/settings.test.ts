import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseUrlOf, webAddressOf } from '../../settings/addresses.ts';
import { environmentName, settingNames } from '../../settings/declarations.ts';
import { docsTable } from '../../settings/docs-table.ts';
import { loadSettings, runnerNames, SettingsError } from '../../settings/settings.ts';

const docs = join(import.meta.dirname, '../../docs');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-settings-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const yaml = (text: string) => writeFileSync(join(folder, 'trainyard.yaml'), text);
const load = (env: Record<string, string> = {}) => loadSettings(env, folder);
const refusal = (env: Record<string, string> = {}): string => {
  try {
    load(env);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as SettingsError).message;
  }
  throw new Error('it was not refused');
};

describe('where settings come from', () => {
  it('takes the environment over the file and the file over the default', () => {
    yaml('webPort: 9001\nuploadLimitMb: 10\n');
    expect(load({ TRAINYARD_WEB_PORT: '9002' })).toMatchObject({
      webPort: 9002,
      uploadLimitMb: 10,
      temporalPort: 8701,
    });
  });

  it('keeps what a person made for ever unless told, and logs for a year', () => {
    expect(load()).toMatchObject({ logRetentionDays: 365, predictionRetentionDays: 0, unusedDatasetRetentionDays: 0 });
    expect(load({ TRAINYARD_PREDICTION_RETENTION_DAYS: '30' }).predictionRetentionDays).toBe(30);
    expect(refusal({ TRAINYARD_UNUSED_DATASET_RETENTION_DAYS: '-1' })).toContain('from 0 to 36,500');
  });

  it('takes files of 10 GB unless told', () => {
    expect(load().uploadLimitMb).toBe(10_240);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(load({ TRAINYARD_WEB_PORT: '' }).webPort).toBe(8700);
  });

  it('reads numbers, lists, yes and no from text', () => {
    const env = {
      TRAINYARD_LOCAL_PRICE_PER_HOUR: '0.25',
      TRAINYARD_ALLOWED_HOSTS: 'a.example, b.example',
      TRAINYARD_TRUST_FOREIGN_MODELS: 'yes',
    };
    expect(load(env)).toMatchObject({
      localPricePerHour: 0.25,
      allowedHosts: ['a.example', 'b.example'],
      trustForeignModels: true,
    });
  });

  it('makes paths absolute, from the home folder or from where it was started', () => {
    const { dataFolder, cacheFolder, storeFolder } = load({
      TRAINYARD_DATA_FOLDER: '~/yard',
      TRAINYARD_CACHE_FOLDER: 'cache',
    });
    expect(dataFolder).toMatch(/^\/.*\/yard$/);
    expect(cacheFolder).toBe(join(folder, 'cache'));
    expect(storeFolder).toBe(join(dataFolder, 'store'));
  });

  it('keeps data and cache where XDG says, and takes no relative XDG folder', () => {
    expect(load({ XDG_DATA_HOME: '/data', XDG_CACHE_HOME: 'cache' })).toMatchObject({ dataFolder: '/data/trainyard' });
    expect(load({ XDG_CACHE_HOME: 'cache' }).cacheFolder).toMatch(/\/\.cache\/trainyard$/);
  });

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(load())).toBe(true);
  });
});

describe('what is refused, in a sentence that mends it', () => {
  it('a value that does not fit names the setting, the value and what it takes', () => {
    expect(refusal({ TRAINYARD_WEB_PORT: '70000' })).toMatch(
      /TRAINYARD_WEB_PORT is "70000".*a port.*in the environment/,
    );
    for (const value of ['abc', '1.5', 'true', '0'])
      expect(refusal({ TRAINYARD_WEB_PORT: value })).toContain(JSON.stringify(value));
    yaml('heartbeatSeconds: often');
    expect(refusal()).toMatch(/heartbeatSeconds is "often".*whole number from 1 to 300.*trainyard\.yaml/);
  });

  it('a name that is no setting comes with the one that was meant', () => {
    expect(refusal({ TRAINYARD_WEBPORT: '1' })).toMatch(
      /no setting TRAINYARD_WEBPORT.*Did you mean TRAINYARD_WEB_PORT\?/,
    );
    expect(refusal({ TRAINYARD_COLOUR: 'red' })).toContain('docs/settings.md');
    yaml('webport: 9000');
    expect(refusal()).toContain('Did you mean webPort?');
  });

  it('a file that is no list of settings', () => {
    yaml('- webPort');
    expect(refusal()).toContain('webPort: 8700');
    yaml('webPort: [1');
    expect(refusal()).toContain('cannot be read');
  });

  it('two ports that are the same', () => {
    expect(refusal({ TRAINYARD_WEB_PORT: '8702' })).toMatch(/webPort and temporalUiPort are both 8702/);
  });

  it('a certificate without its key', () => {
    expect(refusal({ TRAINYARD_TEMPORAL_TLS_CERT_PATH: '/c.pem' })).toContain('TRAINYARD_TEMPORAL_TLS_KEY_PATH');
  });

  it('an address that others reach without the names they may use', () => {
    expect(refusal({ TRAINYARD_WEB_HOST: '0.0.0.0' })).toContain('TRAINYARD_ALLOWED_HOSTS');
    expect(load({ TRAINYARD_WEB_HOST: '0.0.0.0', TRAINYARD_ALLOWED_HOSTS: 'yard.example' }).webHost).toBe('0.0.0.0');
  });
});

describe('what a runner is told', () => {
  it('is inherited without being taken for a setting', () => {
    expect(() => load(Object.fromEntries(runnerNames.map((name) => [name, '7'])))).not.toThrow();
    expect(() => load({ TRAINYARD_URL: 'http://127.0.0.1:8700' })).not.toThrow();
  });

  it('is every name in its contract', () => {
    const contract = readFileSync(join(docs, 'trainer-contract.md'), 'utf8');
    const named = new Set(contract.match(/TRAINYARD_[A-Z_]+/g));
    expect([...named].filter((name) => !runnerNames.includes(name))).toEqual([]);
  });
});

describe('the docs', () => {
  it('hold the table of settings as the code has it', () => {
    expect(readFileSync(join(docs, 'settings.md'), 'utf8')).toContain(docsTable());
  });

  it('tell the default ports that the code uses', () => {
    const { webPort, temporalPort, temporalUiPort, workerMetricsPort } = load();
    expect([webPort, temporalPort, temporalUiPort, workerMetricsPort]).toEqual([8700, 8701, 8702, 8703]);
    for (const name of settingNames) expect(docsTable()).toContain(`\`${environmentName(name)}\``);
  });
});

describe('addresses', () => {
  it('are the embedded ones unless others are named', () => {
    expect(databaseUrlOf(load({ TRAINYARD_DATA_FOLDER: '/yard' }))).toBe('sqlite:/yard/trainyard.sqlite');
    expect(databaseUrlOf(load({ TRAINYARD_DATABASE_URL: 'mysql://u@h/n' }))).toBe('mysql://u@h/n');
  });

  it('are ones that a browser on this machine can open', () => {
    expect(webAddressOf(load({ TRAINYARD_WEB_HOST: '0.0.0.0', TRAINYARD_ALLOWED_HOSTS: 'y' }))).toBe(
      'http://127.0.0.1:8700',
    );
    expect(webAddressOf(load({ TRAINYARD_WEB_HOST: '::1' }))).toBe('http://[::1]:8700');
  });
});
