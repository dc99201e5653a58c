import { type FailureRecord, findFirstFailure } from '../../functions/shared/ledger/failure.ts';
import type { LedgerTable } from '../../functions/shared/ledger/ledger-table.ts';
import { type Run, readRun } from '../../functions/shared/ledger/run.ts';
import {
  listShards,
  type Shard,
  type ShardState,
  SHARD_STATES,
} from '../../functions/shared/ledger/shard.ts';
import { listTables, type TableRecord } from '../../functions/shared/ledger/table-record.ts';
import type { MachineDefinition } from '../local/states/prepare-machine.ts';
import type { StateVisit } from './state-visits.ts';

export type ShardsByState = ReadonlyMap<ShardState, readonly Shard[]>;

/** What a report's pictures are drawn from. */
export interface Pictures {
  /** The execution's way through its states; empty where Step Functions keeps no history of it. */
  readonly path: readonly StateVisit[];
  /** Definition of the execution's machine; absent where Step Functions does not have it any more. */
  readonly machine?: MachineDefinition | undefined;
  readonly shards: ShardsByState;
}

/** Everything the ledger knows of a run. */
export interface RunRecord {
  readonly run: Run;
  readonly shards: ShardsByState;
  readonly tables: readonly TableRecord[];
  /** The first failure inside a Map or a branch, of the execution that works on the run now: the root cause. */
  readonly failure: FailureRecord | undefined;
}

/** @throws RunNotFoundError naming the run. */
export async function readRunRecord(ledger: LedgerTable, runId: string): Promise<RunRecord> {
  const run = await readRun(ledger, runId);
  const [tables, failure, shards] = await Promise.all([
    listTables(ledger, runId),
    findFirstFailure(ledger, run),
    readShards(ledger, runId),
  ]);
  return { run, tables, failure, shards };
}

/** Checkpoints of every Map state; those of `finished` are taken over, because they do not change any more. */
export async function readShards(
  ledger: LedgerTable,
  runId: string,
  finished: ShardsByState = new Map(),
): Promise<ShardsByState> {
  const entries = await Promise.all(
    SHARD_STATES.map(async (state): Promise<[ShardState, readonly Shard[]]> => {
      return [state, finished.get(state) ?? (await listShards(ledger, runId, state))];
    }),
  );
  return new Map(entries.filter(([, shards]) => shards.length > 0));
}
