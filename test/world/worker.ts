import { parentPort, workerData } from 'node:worker_threads';
import { takeOut } from './mutate.ts';
import { makeGzipSynchronous } from './sync-zlib.ts';
import { countWorld, emptyTally, type Tally } from './tally.ts';

/** Which worlds a worker runs: seeds from, from + step, ... below to. */
export interface Share {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  /** Failures that are shrunk; further ones are only counted. */
  readonly shrunk: number;
  /** Ends at the first failure. */
  readonly untilFound: boolean;
  /** A fix that is taken out first. */
  readonly mutation: string | undefined;
  /** The theme of all worlds; absent: the seed decides. */
  readonly theme: string | undefined;
}

const { from, to, step, shrunk, untilFound, mutation, theme } = workerData as Share;
// Most errors of a world are answers, and nobody reads where they were made. `--trace` shows it.
Error.stackTraceLimit = 0;
if (mutation !== undefined) takeOut(mutation);
makeGzipSynchronous();
const { readDeployed } = await import('./deployed.ts');
const { runWorld } = await import('./run-world.ts');
const { shrink } = await import('./shrink.ts');

const deployed = await readDeployed();
const tell = (message: Tally | 'ready'): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has no origin
  parentPort?.postMessage(message);
};
tell('ready');
let tally = emptyTally();
let failures = 0;
for (let seed = from; seed < to; seed += step) {
  const result = await runWorld(deployed, { seed, theme });
  countWorld(tally, result);
  if (result.violations.length > 0) {
    failures += 1;
    if (failures <= shrunk) tally.failures.push(await shrink(deployed, result));
    else tally.failures.push({ seed, violations: result.violations, strikes: [], tries: 0 });
  }
  if (tally.runs < 50 && seed + step < to && !(untilFound && failures > 0)) continue;
  tell(tally);
  tally = emptyTally();
  if (untilFound && failures > 0) break;
}
