import type { PhaseEstimate } from './cost.ts';
import type { MeasuredRun, RunSize } from './run-size.ts';
import {
  coldSeconds,
  PRODUCTS_PER_WORKER,
  READ_UNITS_PER_WORKER,
  sustainedRate,
  COLD_READ_UNITS_PER_SECOND,
  TABLE_QUOTA,
  WRITE_UNITS_PER_WORKER,
} from './throughput.ts';

/** A worker's turn ends after this long at the latest. */
export const TURN_SECONDS = 840;

/** A cold start, the first request and the checkpoint of each Map. */
const MAP_START_SECONDS = 2;
/** The states outside the Maps with their cold starts, and the tables' way to ACTIVE. */
const FIXED_SECONDS = 45;

/**
 * How long each Map of a run lasts, with a target as cold as a new table is or one that takes what the caps allow. A run by
 * bulk put has no MigrateProducts.
 */
export function phasesOf(run: MeasuredRun, isCold: boolean): readonly PhaseEstimate[] {
  const { size, segments, shards, target, sourceUnits } = run;
  const rates = ratesOf(size, isCold);
  const writing = isCold ? coldSeconds(target.writeUnits, rates.write) : target.writeUnits / rates.write;
  const works: readonly Work[] = [
    { state: 'BackupProducts', iterations: segments, seconds: sourceUnits / rates.source },
    {
      state: 'TransformProducts',
      iterations: shards,
      seconds: size.products / (size.workers * PRODUCTS_PER_WORKER),
    },
    ...(size.writeEngine === 'bulk'
      ? []
      : [{ state: 'MigrateProducts', iterations: shards, seconds: writing }]),
    { state: 'VerifyMigration', iterations: segments, seconds: verifySeconds(run, rates) },
  ];
  return works.map((work) => phaseOf({ ...work, seconds: work.seconds + MAP_START_SECONDS }, size.workers));
}

/** Seconds of a whole run. */
export function secondsOf(phases: readonly PhaseEstimate[]): number {
  return FIXED_SECONDS + phases.reduce((sum, { seconds }) => sum + seconds, 0);
}

interface Rates {
  readonly source: number;
  readonly target: number;
  readonly write: number;
}

/** Units a second at the source, at the target when it is read, and at the target when it is written. */
function ratesOf(
  { workers, readUnitsPerSecond = 0, writeUnitsPerSecond = 0, indexes = 0 }: RunSize,
  isCold: boolean,
): Rates {
  // The cap is for each table that is read.
  const reading = { workers, perWorker: READ_UNITS_PER_WORKER, capPerSecond: readUnitsPerSecond };
  const capPerSecond = writeUnitsPerSecond / (1 + indexes);
  const writing = { workers, perWorker: WRITE_UNITS_PER_WORKER, capPerSecond };
  return {
    source: sustainedRate({ ...reading, quota: COLD_READ_UNITS_PER_SECOND }),
    target: sustainedRate({ ...reading, quota: isCold ? COLD_READ_UNITS_PER_SECOND : TABLE_QUOTA }),
    write: sustainedRate({ ...writing, quota: TABLE_QUOTA }),
  };
}

/** Both tables are read side by side: the slower one decides, or what the workers get through of both. */
function verifySeconds({ size, sourceUnits, targetUnits }: MeasuredRun, { source, target }: Rates): number {
  const byWorkers = (sourceUnits + targetUnits) / (size.workers * READ_UNITS_PER_WORKER);
  return Math.max(sourceUnits / source, targetUnits / target, byWorkers);
}

interface Work {
  readonly state: string;
  readonly iterations: number;
  readonly seconds: number;
}

/** An iteration lasts its part of the Map's time; every 840 s of it are another turn. */
function phaseOf({ state, iterations, seconds }: Work, workers: number): PhaseEstimate {
  const iterationSeconds = (seconds * Math.min(workers, iterations)) / iterations;
  const turns = iterations * Math.max(1, Math.ceil(iterationSeconds / TURN_SECONDS));
  return { state, seconds, turns };
}
