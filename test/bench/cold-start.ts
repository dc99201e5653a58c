import { statSync } from 'node:fs';
import { extractCode } from '../../workflow/local/deploy/extract-code.ts';
import type { Host } from './host.ts';
import { median } from './measurement.ts';
import type { BenchWorld } from './world.ts';

/** How large a function's bundle is, and how long it takes in a new process until it is ready. */
export interface ColdStart {
  readonly name: 'coldStart';
  readonly function: string;
  readonly bundleKilobytes: number;
  readonly loadMillis: number;
  readonly loadCpuMillis: number;
  /** Of a call that is refused for its payload, so that only what every first call does is measured. */
  readonly firstCallMillis: number;
}

const PASSES = 3;

/** Every function, in processes of its own, one after the other. */
export async function measureColdStarts(world: BenchWorld): Promise<readonly ColdStart[]> {
  const lines: ColdStart[] = [];
  for (const [key, spec] of world.functions) {
    const [loads, cpu, calls]: [number[], number[], number[]] = [[], [], []];
    for (let pass = 0; pass < PASSES; pass += 1) {
      const host = await world.hostFunction(key, 1);
      loads.push(host.loadMillis);
      cpu.push(host.loadCpuMillis);
      calls.push(await refusedCallMillis(host));
      await host.stop();
    }
    const { size } = statSync((await extractCode(spec)).modulePath);
    lines.push({
      name: 'coldStart',
      function: key,
      bundleKilobytes: Math.round(size / 1_024),
      loadMillis: Math.round(median(loads)),
      loadCpuMillis: Math.round(median(cpu)),
      firstCallMillis: Math.round(median(calls)),
    });
  }
  return lines;
}

async function refusedCallMillis(host: Host): Promise<number> {
  const startedAt = performance.now();
  await host.call({ no: 'such payload' }).catch(() => undefined);
  return performance.now() - startedAt;
}
