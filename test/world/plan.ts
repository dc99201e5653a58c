import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import type { RestoredAct, ShopAct } from './actors/shop.ts';
import type { Trouble } from './trouble.ts';

/** What an operator does. */
export const OPERATOR_ACTS = [
  'stop',
  'pause',
  'throttle',
  'start again',
  'plan',
  'resume',
  'resume the plan',
  'compare',
  'roll back',
  'roll back with confirmation',
  'roll back the first',
  'roll back the first with its own confirmation',
  'roll back the first with confirmation',
  'migrate alone',
  'create a table alone',
  'back up alone',
] as const;

/** What an operator does with backups. */
export const RESTORE_ACTS = [
  'restore',
  'restore into an existing table',
  'restore alone',
  'roll back the restore with confirmation',
] as const;

export type OperatorAct = (typeof OPERATOR_ACTS)[number] | (typeof RESTORE_ACTS)[number];

/** A table of the shop that a restore may put missing items into. */
export const RESTORED = 'products-restored-by-the-shop';

/** Kinds of ledger records that somebody deletes. */
export const RECORDS = ['LOCK', 'RUN', 'SHARD#', 'FILE#', 'TABLE#'] as const;

/** What somebody does behind the service's back. */
export const TAMPERINGS = [
  ...RECORDS,
  'delete a table',
  'replace a table',
  'replace the filled table',
  'replace the source',
  'delete a file',
  'change a file',
] as const;

export type Tampering = (typeof TAMPERINGS)[number];

/** Requests for a target that a permission is missing for. */
export const DENIED = [
  'DeleteTable',
  'ListTagsOfResource',
  'Scan',
  'DescribeTable',
  'CreateTable',
  'BatchWriteItem',
  'PutItem',
  'DeleteItem',
  'GetResourcePolicy',
  'DeleteResourcePolicy',
] as const;

/** A missing permission. */
export interface Denial {
  readonly operation: string;
  /** A part of the request: a table's name or a piece of a key; empty: any request. */
  readonly name: string;
}

/** Permissions that may be missing beside those for targets. */
export const DENIED_ELSEWHERE: readonly [Denial, ...Denial[]] = [
  { operation: 'PutObject', name: 'AWSDynamoDB/' },
  { operation: 'PutObject', name: '/target/' },
  { operation: 'PutObject', name: '/report.' },
  { operation: 'GetObject', name: 'AWSDynamoDB/' },
  { operation: 'GetObject', name: '/target/' },
  { operation: 'GetObject', name: '/report.' },
  { operation: 'ListObjectsV2', name: '' },
  { operation: 'Publish', name: '' },
  { operation: 'DescribeTable', name: '"products"' },
  { operation: 'Scan', name: '"products"' },
  { operation: 'GetItem', name: '"products"' },
  { operation: 'DescribeExecution', name: '' },
  { operation: 'StartExecution', name: '' },
];

export const TARGETS = ['cart', 'orders', 'returns', 'products-enhanced'] as const;

/**
 * When somebody acts: at the nth request of all functions, at the nth of one kind that one function sends, or some
 * milliseconds later, after these milliseconds, or so long after the first execution.
 */
export type When =
  | { readonly request: number }
  | { readonly by: string; readonly operation: string; readonly nth: number; readonly millis?: number }
  | { readonly millis: number }
  | { readonly millisAfterEnd: number };

export type Act = { readonly when: When } & (
  | { readonly who: 'shop'; readonly what: ShopAct | RestoredAct }
  | { readonly who: 'operator'; readonly what: OperatorAct }
  | { readonly who: 'tamperer'; readonly what: Tampering }
);

/** A sync behind the first run, if that succeeds. */
export interface SyncPlan {
  /** What the shop does while the sync follows, each so many milliseconds after its start. */
  readonly acts: readonly { readonly millis: number; readonly what: ShopAct }[];
  /** What an operator does meanwhile, one after the other. */
  readonly steps: readonly ('compare' | 'stop' | 'cutover' | 'roll back' | 'start again')[];
  /** `lost source`: somebody deletes the source and makes an empty table of its name, and nobody notices. */
  readonly end: 'cutover' | 'cancel' | 'lost source';
  /** When time to live deletes a product of the frozen source, each so many milliseconds after the cut over began. */
  readonly expiries?: readonly number[];
}

/** Everything that is decided before a world begins. */
export interface Plan {
  /** Name of the theme; absent: none. */
  readonly theme?: string | undefined;
  readonly products: readonly WireItem[];
  /** Workers that share every Map, because the source passes for a large one. */
  readonly workers: number;
  /** Whether the migration fills two tables. */
  readonly isSplit: boolean;
  /** Names of targets that the shop uses already. */
  readonly existing: readonly string[];
  readonly input: Readonly<Record<string, unknown>>;
  readonly timeoutMillis: number | undefined;
  /** The deployment closes no new tables (`closeNewTables=false`). */
  readonly leavesTablesOpen: boolean;
  /** How far the clock of a sandbox may be off, ahead or behind. */
  readonly clocksOffMillis: number;
  readonly trouble: Trouble;
  /** During the first run. */
  readonly denied: Denial | undefined;
  /** Nobody grants the missing permission before everything is at rest. */
  readonly isDeniedForGood: boolean;
  readonly acts: readonly Act[];
  /** What an operator does before the sync, one after the other. */
  readonly beforeSync: readonly OperatorAct[];
  /** What an operator does once everything is at rest, one after the other. */
  readonly followUps: readonly OperatorAct[];
  readonly sync: SyncPlan | undefined;
  /** Whether there is trouble while a run is recovered whose execution has ended. */
  readonly isTroubledToTheEnd: boolean;
  /** Whether there is trouble during the follow-ups as well. */
  readonly isTroubledAfterwards: boolean;
  /** Whether the operator does not wait until everything that is late has landed. */
  readonly isHasty: boolean;
  /** Whether a run without trouble follows all of this, which must succeed. */
  readonly startsAgain: boolean;
  /** Whatever happens to the first run is no reason for it to fail. */
  readonly mustSucceed: boolean;
}
