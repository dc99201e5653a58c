import type { Plan } from '../../functions/shared/state.ts';
import type { FunctionSpec } from './function-specs.ts';
import {
  newTableReadUnits,
  newTableWriteUnits,
  onDemandCapacity,
  readPartitionUnits,
  tableQuotaUnits,
  writePartitionUnits,
} from './on-demand-capacity.ts';
import type { ProductShape } from './product-shape.ts';
import { type SharedTable, sharedTable } from './shared-table.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What is simulated. */
export interface Scenario {
  readonly products: number;
  /** Tables serve their quota from the first second, because they have been as busy before. */
  readonly warm: boolean;
  /** Units a second of one table, read and write each. */
  readonly quota: number;
  /** `maxConcurrency` of the input; absent: the deployment's 20. */
  readonly workers?: number | undefined;
  /** The target was there before, so that every key is compared. */
  readonly existing: boolean;
}

/** Everything that is modelled around the workers. */
export interface World {
  readonly clock: VirtualClock;
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly shape: ProductShape;
  readonly source: SharedTable;
  readonly targetReads: SharedTable;
  readonly targetWrites: SharedTable;
  /** Reads of the run's own partition of the ledger. */
  readonly ledger: SharedTable;
  readonly functions: ReadonlyMap<string, FunctionSpec>;
  readonly meters: Meters;
}

/** What is counted beside the tables' units. */
export interface Meters {
  files: number;
  putRequests: number;
  getRequests: number;
  ledgerReadUnits: number;
  ledgerWriteUnits: number;
  lambdaRequests: number;
  lambdaSeconds: number;
  lambdaGigabyteSeconds: number;
  /** Calls of Map workers. */
  turns: number;
  /** Longest time that a worker went on behind its deadline, seconds. */
  overrunSeconds: number;
  /** Longest time that a worker needed before its first page, seconds. */
  preparingSeconds: number;
  busyWorkers: number;
  mostBusyWorkers: number;
}

const newMeters = (): Meters => ({
  files: 0,
  putRequests: 0,
  getRequests: 0,
  ledgerReadUnits: 0,
  ledgerWriteUnits: 0,
  lambdaRequests: 0,
  lambdaSeconds: 0,
  lambdaGigabyteSeconds: 0,
  turns: 0,
  overrunSeconds: 0,
  preparingSeconds: 0,
  busyWorkers: 0,
  mostBusyWorkers: 0,
});

/** Bytes of one partition: a large table has many, each with its own throughput. */
const partitionBytes = 10 * 2 ** 30;

/** What the tables of a world are made of. */
export interface WorldParts {
  readonly clock: VirtualClock;
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly shape: ProductShape;
  readonly functions: ReadonlyMap<string, FunctionSpec>;
}

/** A world in which nothing has happened yet. */
export function createWorld(parts: WorldParts): World {
  const { clock, scenario, shape } = parts;
  const { products, quota, warm } = scenario;
  const table = (first: number, partition: number): SharedTable =>
    sharedTable(clock, onDemandCapacity({ first: warm ? quota : first, quota, partition }));
  const bySize = Math.ceil((products * shape.sourceBytes) / partitionBytes) * readPartitionUnits;
  return {
    ...parts,
    source: table(Math.max(newTableReadUnits, bySize), readPartitionUnits),
    targetReads: table(newTableReadUnits, readPartitionUnits),
    targetWrites: table(newTableWriteUnits, writePartitionUnits),
    ledger: sharedTable(
      clock,
      onDemandCapacity({
        first: readPartitionUnits,
        quota: readPartitionUnits,
        partition: readPartitionUnits,
      }),
    ),
    meters: newMeters(),
  };
}

export { tableQuotaUnits };
