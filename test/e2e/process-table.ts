import { readdirSync, readFileSync } from 'node:fs';

/** Every process that carries one of these marks in its command line or environment: the operating system's own account. */
export function processesMarked(...marks: string[]): { pid: number; command: string; environment: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    const read = (file: string) => {
      try {
        return readFileSync(`/proc/${name}/${file}`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    };
    const command = read('cmdline');
    const environment = read('environ');
    const found = marks.some((mark) => command.includes(mark) || environment.includes(mark));
    return found && command !== '' ? [{ pid: Number(name), command: command.trim(), environment }] : [];
  });
}
