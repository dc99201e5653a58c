/**
 * Of a sync. `SYNCING`: the target follows the source. `SWITCHING`: nothing is written any more, so that it can be
 * compared. `SWITCHED`: the shop uses the target. `CANCELLING`: its mapping is being deleted and its last writes awaited.
 */
export type SyncStatus = (typeof SYNC_STATUSES)[number];

const SYNC_STATUSES = ['SYNCING', 'SWITCHING', 'SWITCHED', 'CANCELLING', 'CANCELLED'] as const;

export function isSyncStatus(status: string): status is SyncStatus {
  return (SYNC_STATUSES as readonly string[]).includes(status);
}

/** The migration whose target is kept in step with the source: its context transforms every change. */
export interface Followed {
  readonly runId: string;
  /** ISO 8601: what the transform takes for the attributes that it makes. */
  readonly startedAt: string;
  /** The tables that are kept in step, by the names of that run. */
  readonly tables: readonly FollowedTable[];
}

export interface FollowedTable {
  readonly name: string;
  /** DynamoDB's TableId; absent where the engine gives none. */
  readonly tableId?: string;
}

export interface FollowedStream {
  readonly arn: string;
  /** Id of the event source mapping; absent before it is created. */
  readonly mappingId?: string;
  /** Epoch milliseconds: when that mapping was noted. */
  readonly askedAt?: number;
}

/** Changes that may not have been delivered. */
export interface Gap {
  /** Epoch milliseconds: a compare that begins later closes it. */
  readonly at: number;
  /** Sentences. */
  readonly reason: string;
  /** Whether it went on at the last look: then nothing is delivered, and no compare closes it. */
  readonly isLasting?: boolean;
}

/** What a compare of the whole source with the whole target has come to. */
export interface Compared {
  /** ARN of its execution. */
  readonly executionArn: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** The transform that was compared with; absent where another one was deployed meanwhile. */
  readonly transformVersion?: string;
  /** Whether differences were repaired, or only named. */
  readonly repairs: boolean;
  /** Source items and target items that were looked at. */
  readonly sourceItems: number;
  readonly targetItems: number;
  /** Source items whose target items differed at the second look: those that were repaired, and those that still differ. */
  readonly repaired: number;
  readonly differing: number;
  /** Of those that still differ: target items that no write by condition can change. A person must delete them. */
  readonly byHand?: number;
  /** Target items that the shop has changed: they stay. */
  readonly conflicts: number;
  /** Source items that cannot be transformed, or whose target items DynamoDB refuses: their target items stay. */
  readonly quarantined: number;
  /** Items whose time to live is over: DynamoDB may delete them at any time. */
  readonly expired: number;
  /** Target items that belong to no source item. They are no difference. */
  readonly foreign?: number;
}

export interface Arrived {
  readonly count: number;
  /** Of the first one: its key, as text, and when it arrived (epoch milliseconds). */
  readonly key: string;
  readonly at: number;
  /** Epoch milliseconds, of a whole second: when the newest of all was made; absent in records of earlier versions. */
  readonly newestChangeAt?: number | undefined;
}
