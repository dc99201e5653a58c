import type { Shard } from '../ledger/shard.ts';
import type { Cost, UnknownCost } from './cost.ts';
import { type Billing, costOf, serviceUsage, SINGLE_CALL_SECONDS } from './usage.ts';

/** What the ledger knows of a run's work. */
export interface RunWork extends Billing {
  /** Of every Map state of the run. */
  readonly shards: readonly Pick<Shard, 'state' | 'counters' | 'turns' | 'startedAt' | 'updatedAt'>[];
  /** What a roll back was charged for looking into tables. */
  readonly lookReadUnits?: number;
  /** Files of the backup. */
  readonly files: number;
  /**
   * Reads of a provisioned source are paid for anyway. Those of VerifyMigration are priced all the same: they are counted
   * together with those of the target. Default PAY_PER_REQUEST.
   */
  readonly sourceBilling?: 'PROVISIONED' | 'PAY_PER_REQUEST' | undefined;
}

/** States whose reads are of the source alone. */
const SOURCE_STATES: ReadonlySet<string> = new Set(['BackupProducts']);

/**
 * What a run cost: the units that DynamoDB charged the workers, the bytes of its bulk puts, the workers' calls and time
 * from the checkpoints, and the ledger's own units, S3 requests and single calls as the estimate counts them. Time between
 * a worker's last checkpoint and its return (well below a second) is not in it.
 */
export function actualCost(work: RunWork): Cost | UnknownCost {
  const { shards, files, lookReadUnits = 0 } = work;
  const workers = shards.filter(({ state }) => state !== 'BulkLoad');
  const bulkLoads = shards.filter(({ state }) => state === 'BulkLoad');
  // One call looks after all tables, and nothing runs between two calls.
  const calls = Math.max(0, ...bulkLoads.map(({ turns }) => turns));
  const services = serviceUsage({
    iterations: workers.length,
    turns: calls + sum(workers.map(({ turns }) => Math.max(1, turns))),
    seconds:
      calls * SINGLE_CALL_SECONDS +
      sum(workers.map(({ startedAt, updatedAt }) => (updatedAt - startedAt) / 1000)),
    files,
  });
  const paid = shards.filter(
    ({ state }) => !(work.sourceBilling === 'PROVISIONED' && SOURCE_STATES.has(state)),
  );
  const usage = {
    ...services,
    readUnits:
      services.readUnits + lookReadUnits + sum(paid.map(({ counters }) => counters['readUnits'] ?? 0)),
    writeUnits: services.writeUnits + sum(shards.map(({ counters }) => counters['writeUnits'] ?? 0)),
    ...(bulkLoads.length > 0 && {
      bulkPutBytes: sum(bulkLoads.map(({ counters }) => counters['bulkPutBytes'] ?? 0)),
    }),
  };
  return costOf(usage, work);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
