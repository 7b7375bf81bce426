// What ./x up does before it starts anything, for deployments that start web and workers themselves: waits for the
// Temporal server, replays what is open with this code, and brings the database up to it. Run it before each switch.
import { databaseUrlOf } from '../settings/addresses.ts';
import { loadSettings } from '../settings/settings.ts';
import { temporalAddressOf } from '../workers/open-temporal.ts';
import { Problem, runCommand } from './problem.ts';
import { openProgress } from './progress.ts';
import { root } from './run-script.ts';
import { addSearchAttributes, waitForServer } from './temporal-server/temporal-server.ts';
import { checkOpenHistories } from './up/check-open-histories.ts';
import { prepareDatabase } from './up/prepare-database.ts';

await runCommand(async () => {
  const given = process.argv.slice(2);
  const unknown = given.find((word) => word !== '--force');
  if (unknown !== undefined) throw new Problem(`It takes --force only, not "${unknown}".`);
  const settings = loadSettings(process.env, root);
  const to = temporalAddressOf(settings);
  const progress = openProgress();
  await waitForServer(to, 60_000);
  await addSearchAttributes(to);
  await checkOpenHistories(settings, progress, given.includes('--force'), Promise.resolve());
  await prepareDatabase(databaseUrlOf(settings));
  progress.line('The database and the Temporal server are ready for this version.');
  return 0;
});
process.exit();
