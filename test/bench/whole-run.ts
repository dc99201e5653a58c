import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { clientSettings, endOfExecution } from '../support/embedded.ts';
import { targetTables } from '../support/shop.ts';
import type { Sample } from './measurement.ts';
import type { BenchWorld } from './world.ts';

/** A whole execution of `migrate` in the embedded AWS, from its start to its report; warm from the second one on. */
export async function runWhole(world: BenchWorld, products: number): Promise<Sample> {
  await world.clean();
  const { aws } = world;
  const sfn = new SFNClient(clientSettings(aws));
  const startedAt = performance.now();
  const { executionArn = '' } = await sfn.send(
    new StartExecutionCommand({ stateMachineArn: aws.stateMachines['migrate'], input: '{}' }),
  );
  const { status, error, cause } = await endOfExecution(sfn, executionArn);
  const seconds = (performance.now() - startedAt) / 1_000;
  sfn.destroy();
  if (status !== 'SUCCEEDED') throw new Error(`The whole run ended with ${status}: ${error}: ${cause}`);
  for (const { name } of targetTables) await world.unprotect(name);
  await world.clean();
  return { ...UNMEASURED, items: products, seconds };
}

/** Of a run whose processes are not looked into. */
export const UNMEASURED: Omit<Sample, 'items' | 'seconds'> = {
  requests: Number.NaN,
  cpuMicros: Number.NaN,
  engineCpuMicros: undefined,
  peakMegabytes: Number.NaN,
};
