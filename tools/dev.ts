import { Problem, runCommand } from './problem.ts';
import { up } from './up/up.ts';

await runCommand(async () => {
  const [unknown] = process.argv.slice(2);
  if (unknown !== undefined) throw new Problem(`./x dev takes no "${unknown}".`);
  // The code changes all the time: what does not replay is shown, and is no reason to stop.
  return up({ force: true, watch: true });
});
process.exit();
