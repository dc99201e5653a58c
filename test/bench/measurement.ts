import { engineCpuMicros } from './engine-time.ts';
import type { Host } from './host.ts';
import type { Spent } from './messages.ts';

/** One pass of one measurement. */
export interface Sample {
  readonly items: number;
  readonly seconds: number;
  readonly requests: number;
  /** Of the measured processes, without the engine. */
  readonly cpuMicros: number;
  /** Absent where the engine's time cannot be seen. */
  readonly engineCpuMicros: number | undefined;
  /** Of the largest process. */
  readonly peakMegabytes: number;
}

/** Smallest, middle and largest of several passes. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** A line of the output. */
export interface Measurement {
  readonly name: string;
  readonly products: number;
  readonly workers: number;
  readonly rounds: number;
  readonly items: number;
  readonly seconds: Spread;
  readonly itemsPerSecond: Spread;
  readonly requests: number;
  readonly cpuMicrosPerItem: Spread;
  readonly engineCpuMicrosPerItem: Spread | undefined;
  readonly peakMegabytes: number;
}

const rounded = (number: number): number => Number(number.toPrecision(4));

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

function spread(numbers: readonly number[]): Spread {
  return {
    min: rounded(Math.min(...numbers)),
    median: rounded(median(numbers)),
    max: rounded(Math.max(...numbers)),
  };
}

/** Calls of one worker after another: every shard of a list, with as many at once as there are hosts. */
export interface MeasuredWork {
  readonly hosts: readonly Host[];
  /** One a shard. */
  readonly payloads: readonly unknown[];
  /** What the next call of the same shard is made with; `undefined`: it is done. */
  readonly next?: (answer: unknown) => unknown;
  readonly itemsOf: (answers: readonly unknown[]) => number;
}

/** Runs the work and measures it from the first call to the last answer. */
export async function measure({ hosts, payloads, next, itemsOf }: MeasuredWork): Promise<Sample> {
  const spent: Spent[] = [];
  const answers: unknown[] = [];
  const waiting = [...payloads];
  const work = async (host: Host): Promise<void> => {
    while (waiting.length > 0) {
      for (let payload = waiting.shift(); payload !== undefined;) {
        const call = await host.call(payload);
        spent.push(call.spent);
        payload = next?.(call.result);
        if (payload === undefined) answers.push(call.result);
      }
    }
  };
  const engineBefore = engineCpuMicros();
  const startedAt = performance.now();
  await Promise.all(hosts.map(work));
  const seconds = (performance.now() - startedAt) / 1_000;
  const engineAfter = engineCpuMicros();
  return {
    items: itemsOf(answers),
    seconds,
    requests: spent.reduce((sum, { requests }) => sum + requests, 0),
    cpuMicros: spent.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0),
    engineCpuMicros:
      engineBefore === undefined || engineAfter === undefined ? undefined : engineAfter - engineBefore,
    peakMegabytes: Math.max(...spent.map(({ peakMegabytes }) => peakMegabytes)),
  };
}

/** Several measurements of one pass, as if they were one. */
export function sumOfSamples(samples: readonly Sample[]): Sample {
  const sum = (of: (sample: Sample) => number): number =>
    samples.reduce((total, sample) => total + of(sample), 0);
  return {
    items: sum(({ items }) => items),
    seconds: sum(({ seconds }) => seconds),
    requests: sum(({ requests }) => requests),
    cpuMicros: sum(({ cpuMicros }) => cpuMicros),
    engineCpuMicros: sum(({ engineCpuMicros = Number.NaN }) => engineCpuMicros),
    peakMegabytes: Math.max(...samples.map(({ peakMegabytes }) => peakMegabytes)),
  };
}

/** Sums the passes up. */
export function summarise(
  about: { readonly name: string; readonly products: number; readonly workers: number },
  samples: readonly Sample[],
): Measurement {
  const engine = samples.flatMap(({ engineCpuMicros: micros, items }) =>
    micros === undefined ? [] : [micros / items],
  );
  return {
    ...about,
    rounds: samples.length,
    items: samples[0]?.items ?? 0,
    seconds: spread(samples.map(({ seconds }) => seconds)),
    itemsPerSecond: spread(samples.map(({ items, seconds }) => items / seconds)),
    requests: median(samples.map(({ requests }) => requests)),
    cpuMicrosPerItem: spread(samples.map(({ cpuMicros, items }) => cpuMicros / items)),
    engineCpuMicrosPerItem: engine.length === 0 ? undefined : spread(engine),
    peakMegabytes: rounded(Math.max(...samples.map(({ peakMegabytes }) => peakMegabytes))),
  };
}
