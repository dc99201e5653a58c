import type { BulkCursor } from '../shared/copy/bulk/bulk-cursor.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { BulkWork } from './bulk-work.ts';

/** The load of one table. */
export interface TableLoad {
  readonly runtime: Runtime;
  readonly work: BulkWork;
  /** Tables that share the run's cap. */
  readonly tableCount: number;
  /** Told how long the table should be left alone, where its operation is at work or cannot start yet. */
  readonly onWait: (seconds: number) => void;
}

export type BulkTurn = ShardTurn<BulkCursor>;
