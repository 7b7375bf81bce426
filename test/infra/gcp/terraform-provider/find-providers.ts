import { runProgram } from '../../../../tools/run-program.ts';
import {
  type GoogleProvider,
  hasOwnProvider,
  ownProvider,
  realProvider,
  terraformProgram,
} from '../../../cloud-sim/gcp/google-provider.ts';

/** Ours, and the real one beside it where it is in reach; none without Terraform. Said aloud. */
export async function findProviders(): Promise<GoogleProvider[]> {
  if ((await runProgram(terraformProgram, ['version'], { timeoutMs: 20_000 })).code !== 0) return [];
  const real = await realProvider();
  const found = [...(hasOwnProvider() ? [await ownProvider()] : []), ...(real ? [real] : [])];
  for (const { said } of found) process.stderr.write(`\n>>> Terraform is tried with ${said}.\n`);
  return found;
}
