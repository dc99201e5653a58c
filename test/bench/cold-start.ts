import { statSync } from 'node:fs';
import { extractCode } from '../../workflow/local/deploy/extract-code.ts';
import { median } from './measurement.ts';
import type { BenchWorld } from './world.ts';

/** How large a function's bundle is, and how long it takes to load in a new process. */
export interface ColdStart {
  readonly name: 'coldStart';
  readonly function: string;
  readonly bundleKilobytes: number;
  readonly loadMillis: number;
}

const passes = 3;

/** Every function, in processes of its own, one after the other. */
export async function measureColdStarts(world: BenchWorld): Promise<readonly ColdStart[]> {
  const lines: ColdStart[] = [];
  for (const [key, spec] of world.functions) {
    const millis: number[] = [];
    for (let pass = 0; pass < passes; pass += 1) {
      const host = await world.hostFunction(key, 1);
      millis.push(host.loadMillis);
      await host.stop();
    }
    const { size } = statSync((await extractCode(spec)).modulePath);
    lines.push({
      name: 'coldStart',
      function: key,
      bundleKilobytes: Math.round(size / 1_024),
      loadMillis: Math.round(median(millis)),
    });
  }
  return lines;
}
