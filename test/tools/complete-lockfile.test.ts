import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lockfile, missingPlatforms } from '../../tools/complete-lockfile.ts';

describe('the lockfile', () => {
  it('holds every package of every platform, so that npm ci takes it everywhere', () => {
    const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8')) as Lockfile;
    // Something is missing? node tools/complete-lockfile.ts
    expect(Object.keys(missingPlatforms(lock))).toEqual([]);
  });

  it('is completed with what its packages ask for, each for its platform only', () => {
    const optionalDependencies = {
      '@a/core-linux-x64-musl': '1.0.0',
      '@a/core-darwin-arm64': '1.0.0',
      '@a/core-linux-x64-gnu': '1.0.0',
    };
    const packages = {
      'node_modules/@a/core': { version: '1.0.0', optionalDependencies },
      'node_modules/@a/core-linux-x64-gnu': {},
    };
    expect(missingPlatforms({ packages })).toEqual({
      'node_modules/@a/core-linux-x64-musl': {
        version: '1.0.0',
        os: ['linux'],
        cpu: ['x64'],
        libc: ['musl'],
        optional: true,
      },
      'node_modules/@a/core-darwin-arm64': { version: '1.0.0', os: ['darwin'], cpu: ['arm64'], optional: true },
    });
  });
});
