// Stands in for a part of the product: listens on a port, says so, and ends as it is told. Plain JavaScript: starts fast.
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [name, port, diary, ...habits] = process.argv.slice(2);
const write = (what) => appendFileSync(diary, `${name} ${what} ${process.pid}\n`);

write('began');
if (habits.includes('dies at once')) {
  console.error('the reason why it dies');
  process.exit(3);
}
if (habits.includes('starts another')) {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
  appendFileSync(diary, `${name}-other began ${other.pid}\n`);
}
process.on('SIGTERM', () => {
  write('asked');
  if (!habits.includes('ignores SIGTERM')) process.exit(0);
});
const starts = readFileSync(diary, 'utf8').split(`${name} began `).length - 1;
if (habits.includes('needs four starts') && starts < 4) setInterval(() => {}, 1000);
else
  createServer((_, response) => response.end(name)).listen(Number(port), '127.0.0.1', () =>
    console.log(`${name} listens`),
  );
