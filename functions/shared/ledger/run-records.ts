import type { Facts } from './actions.ts';
import type { ClaimRecord } from './claim-records.ts';
import type { LedgerTable } from './ledger-table.ts';
import type { Reliant } from './reliant.ts';
import { knownRun, type Run } from './run.ts';
import { type Shards, shardsFrom } from './shard.ts';
import { listBetween, type Stored } from './store.ts';
import type { TableRecord } from './table-record.ts';

/** A run with the checkpoints of its workers and its tables. */
export interface RunRecords {
  readonly run: Run;
  readonly shards: Shards;
  readonly tables: readonly TableRecord[];
  /** Runs that rely on this one, as their commits have noted it. */
  readonly relied: readonly Reliant[];
  /** Ids of the runs that this one relies on. */
  readonly relies: readonly string[];
  /** The same checkpoints and tables, as far as calls work on them. */
  readonly claims: readonly ClaimRecord[];
}

/** {@link RunRecords} of a run that somebody may have removed. */
export type FoundRecords = Omit<RunRecords, 'run'> & { readonly run: Run | undefined };

/** The sort keys `RELIED#...`, `RELIES#...`, `RUN`, `SHARD#...` and `TABLE#...` follow each other, with no others between. */
const RECORDS = { from: 'RELIED#', to: 'TABLE#~' } as const;

/**
 * Strongly consistent, in one Query, whatever of it is there.
 *
 * @throws LedgerVersionError (not retried), the SDK's errors
 */
export async function findRecords(ledger: LedgerTable, runId: string): Promise<FoundRecords> {
  const items = await listBetween<object>(ledger, { partition: `RUN#${runId}`, ...RECORDS });
  const below = (prefix: string): Stored<object>[] => items.filter(({ SK }) => SK.startsWith(prefix));
  const run = items.find(({ SK }) => SK === 'RUN');
  const shards = below('SHARD#');
  const tables = below('TABLE#') as Stored<TableRecord>[];
  return {
    run: run && knownRun(ledger, runId, run),
    shards: shardsFrom(shards as Stored<Facts>[]),
    tables,
    relied: below('RELIED#') as Stored<Reliant>[],
    relies: (below('RELIES#') as Stored<Pick<Run, 'runId'>>[]).map(({ runId: on }) => on),
    claims: [...shards, ...tables],
  };
}

/** {@link findRecords} of a run that is there. @throws RunNotFoundError as well; not retried */
export async function readRecords(ledger: LedgerTable, runId: string): Promise<RunRecords> {
  const { run, ...records } = await findRecords(ledger, runId);
  return { run: knownRun(ledger, runId, run), ...records };
}
