import { Refusal, Unreachable } from './client.ts';
import { problemText } from './show.ts';

/** What scripts may count on; printed at the end of `trainyard --help`. */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  refused: 3,
  unreachable: 4,
  notSucceeded: 5,
} as const;

export const exitCodesHelp = (address: string) => `
Exit codes: 0 done · 1 something unexpected · 2 wrong usage · 3 the server refused it ·
4 the server does not answer · 5 the job or prediction did not succeed

The server is at ${address}: TRAINYARD_URL says so, or else the settings of this machine.`;

/** Wrong use of a command that only shows once it runs. */
export class Usage extends Error {}

/** Says what went wrong and answers with the code for it. */
export function report(error: unknown, json: boolean): number {
  if (error instanceof Refusal) {
    process.stderr.write(`${json ? JSON.stringify(error.problem) : problemText(error.problem)}\n`);
    return exitCodes.refused;
  }
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof Unreachable) return exitCodes.unreachable;
  if (error instanceof Usage) return exitCodes.usage;
  return exitCodes.unexpected;
}
