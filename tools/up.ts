import { Problem, runCommand } from './problem.ts';
import { up } from './up/up.ts';

const given = process.argv.slice(2);
await runCommand(async () => {
  const unknown = given.find((word) => word !== '--force');
  if (unknown !== undefined) throw new Problem(`./x up takes --force only, not "${unknown}".`);
  return up({ force: given.includes('--force'), watch: false });
});
// What was still being brought when Ctrl-C came must not keep us.
process.exit();
