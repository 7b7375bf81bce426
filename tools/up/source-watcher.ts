import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../progress.ts';

/** Whose code a folder is: a change in it restarts these children and no others. */
const readBy: Record<string, readonly string[]> = {
  workflows: ['workers'],
  activities: ['workers'],
  workers: ['workers'],
  web: ['web'],
  domain: ['workers', 'web'],
  infra: ['workers', 'web'],
  data: ['workers', 'web'],
  db: ['workers', 'web'],
  temporal: ['workers', 'web'],
  settings: ['workers', 'web'],
};

/** Editors write a file in several steps, and a branch change touches many. */
const quietMs = 200;
const ofInterest = /\.(ts|ejs|py|json)$/;

export function childrenReading(path: string): readonly string[] {
  const [folder = ''] = path.split('/');
  // What browsers are sent is read from disk at each request.
  if (!ofInterest.test(path) || path.startsWith('web/public/')) return [];
  return readBy[folder] ?? [];
}

/** Restarts what a changed file belongs to, until `ended`. */
export function sourceWatcher(
  root: string,
  supervisor: { restart(name: string): Promise<void> },
  progress: Progress,
  ended: Promise<void>,
): void {
  const changed = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  const restart = () => {
    for (const [name, path] of changed) {
      progress.line(`${path} changed: restarting ${name}.`);
      void supervisor.restart(name);
    }
    changed.clear();
  };
  const watchers = Object.keys(readBy)
    .map((folder) => ({ folder, path: join(root, folder) }))
    .filter(({ path }) => existsSync(path))
    .map(({ folder, path }) =>
      watch(path, { recursive: true }, (_, file) => {
        const name = `${folder}/${file ?? ''}`;
        for (const child of childrenReading(name)) changed.set(child, name);
        if (changed.size === 0) return;
        clearTimeout(timer);
        timer = setTimeout(restart, quietMs);
      }),
    );
  progress.line('Watching the sources: a change restarts what it belongs to.');
  void ended.then(() => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  });
}
