import { type Facts, NEW, putItem } from './actions.ts';
import { ClaimLostError, type Claims } from './claims.ts';
import { type LedgerTable, runKey, shardKey } from './ledger-table.ts';
import { knownRun, type Run } from './run.ts';
import { get, listBelow, putIf, readTogether, updateIf } from './store.ts';
import { transact, type TransactItem } from './transact.ts';

/** States that leave checkpoints, in the order in which a run passes them. A shard of BulkLoad is one table. */
export const SHARD_STATES = [
  'BackupProducts',
  'TransformProducts',
  'MigrateProducts',
  'BulkLoad',
  'VerifyMigration',
  'CompareByKey',
  'ProveBackup',
  'RestoreProducts',
  'VerifyRestore',
  'RollBack',
  'CompareSource',
  'CompareTarget',
] as const;

/** Name of the state a shard belongs to. */
export type ShardState = (typeof SHARD_STATES)[number];

/** A source item that could not be transformed. */
export interface QuarantinedProduct {
  readonly productId: string;
  /** `MissingName`, `InvalidPrice` ... */
  readonly code: string;
  /** What is wrong with it, for a person. */
  readonly sentence: string;
}

/**
 * A worker's checkpoint: absolute numbers, so that a turn taken twice does not count twice. Its claim names the call
 * that works on the shard now.
 */
export interface Shard<Cursor = unknown> extends Claims {
  readonly state: ShardState;
  readonly shard: number;
  readonly done: boolean;
  readonly turns: number;
  /** Whether a call has begun to write before the first checkpoint. */
  readonly isWriting?: boolean;
  /** Where the next turn continues. Absent at the start and when done. */
  readonly cursor?: Cursor | undefined;
  /** Absolute counts: items, readUnits, writeUnits, throttles, quarantined ... */
  readonly counters: Readonly<Record<string, number>>;
  /** Absolute digests by name (64 hex digits and a count). */
  readonly digests: Readonly<Record<string, { readonly count: number; readonly sum: string }>>;
  /** Samples of keys for the report, by kind, {@link MAX_SAMPLES} of each at most. */
  readonly samples?: Readonly<Record<string, readonly string[]>>;
  /**
   * By table: ids of other runs whose items stood where one was to be written, {@link MAX_FOUND_RUNS} at most. A list
   * of that length may lack some.
   */
  readonly foundRuns?: Readonly<Record<string, readonly string[]>>;
  /** The first 20 that TransformProducts could not transform. */
  readonly quarantined?: readonly QuarantinedProduct[];
  /** What the checkpoint rests on; for a worker that rests on something else it counts for nothing. */
  readonly basis?: string | undefined;
  /** Of RollBack: DynamoDB's TableId of the table in which it has counted. */
  readonly tableId?: string | undefined;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly updatedAt: number;
  /** When the newest call began its work (epoch milliseconds); whether it is still at it is what the claim says. */
  readonly claimedAt?: number;
  /** `[epoch ms, items so far]`, thinned to 60, for the report's picture of items over time. */
  readonly marks: readonly (readonly [number, number])[];
  /** Grows by one a save: a second worker on the same shard loses the race instead of moving the cursor back. */
  readonly version: number;
  readonly writer: string;
}

/** 400 ids of at most 80 bytes: a twelfth of what a ledger item may hold. */
export const MAX_FOUND_RUNS = 400;

/** Samples of each kind that a shard keeps; the report names fewer. */
export const MAX_SAMPLES = 20;

const MAX_MARKS = 60;

/** Every second mark goes when there are too many, so that the first and the newest stay. */
function thinMarks(marks: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  return marks.length <= MAX_MARKS
    ? marks
    : marks.filter((_, index) => index % 2 === 0 || index === marks.length - 1);
}

/** `startedAt` is a text key of RunsIndex, and DynamoDB refuses every item that has a number under that name. */
function toLedgerItem<Cursor>({ startedAt, ...rest }: Shard<Cursor>): Record<string, unknown> {
  return { ...rest, beganAt: startedAt };
}

function fromLedgerItem<Cursor>(item: Facts): Shard<Cursor> {
  const { beganAt, ...rest } = item;
  return { ...rest, startedAt: beganAt } as Shard<Cursor>;
}

/** Strongly consistent; `undefined` before the shard's first checkpoint. */
export async function findShard<Cursor>(
  ledger: LedgerTable,
  runId: string,
  state: ShardState,
  shard: number,
): Promise<Shard<Cursor> | undefined> {
  const item = await get<Facts>(ledger, shardKey(runId, state, shard));
  return item && fromLedgerItem<Cursor>(item);
}

/**
 * A run, and one of its shards: `undefined` before its first checkpoint. Strongly consistent.
 *
 * @throws RunNotFoundError, LedgerVersionError; neither is retried.
 */
export async function readRunAndShard<Cursor>(
  ledger: LedgerTable,
  { runId, state, shard }: Pick<Shard, 'state' | 'shard'> & Pick<Run, 'runId'>,
): Promise<{ readonly run: Run; readonly shard: Shard<Cursor> | undefined }> {
  const [run, item] = await readTogether(ledger, [runKey(runId), shardKey(runId, state, shard)]);
  return { run: knownRun(ledger, runId, run), shard: item && fromLedgerItem<Cursor>(item) };
}

/** What {@link saveShard} needs to know beyond the checkpoint itself. */
export interface SaveShard<Cursor> {
  readonly runId: string;
  /** Version and writer are set here. */
  readonly shard: Omit<Shard<Cursor>, 'version' | 'writer'>;
  /** Version that was read before the turn; 0 for none. */
  readonly previousVersion: number;
  /** Unique to the call. */
  readonly writer: string;
  /** Whether the shard carries `writer` as its claim; a claim that somebody has closed or taken over refuses the save. */
  readonly isClaimed?: boolean;
  /** What is written with the checkpoint, in one transaction. */
  readonly also?: readonly TransactItem[];
}

/**
 * Saves a checkpoint on the condition that nobody else has since; a lost answer is recognised by its writer.
 *
 * @returns the new version.
 * @throws ClaimLostError when another call has claimed or saved the shard since.
 */
export async function saveShard<Cursor>(ledger: LedgerTable, save: SaveShard<Cursor>): Promise<number> {
  const { runId, shard, previousVersion, writer, isClaimed = false, also = [] } = save;
  const version = previousVersion + 1;
  const key = shardKey(runId, shard.state, shard.shard);
  const item = toLedgerItem<Cursor>({ ...shard, marks: thinMarks(shard.marks), version, writer });
  const expected =
    previousVersion === 0 ? NEW : { version: previousVersion, ...(isClaimed && { claim: writer }) };
  const put = { item, if: expected };
  const isSaved = await (also.length === 0
    ? putIf(ledger, key, put)
    : transact(ledger, [putItem(ledger, key, put), ...also]));
  if (!isSaved) await assertOwnSave(ledger, { runId, ...shard, version, writer });
  return version;
}

/** Refused or not: where an answer was lost and the call repeated, the refusal is that of our own first attempt. */
async function assertOwnSave(
  ledger: LedgerTable,
  {
    runId,
    state,
    shard,
    version,
    writer,
  }: Pick<Shard, 'state' | 'shard' | 'version' | 'writer'> & Pick<Run, 'runId'>,
): Promise<void> {
  const saved = await findShard(ledger, runId, state, shard);
  if (saved?.writer === writer && saved.version === version) return;
  throw new ClaimLostError(
    `Another call works on shard ${shard} of ${state} of run ${runId} now; this one stopped at its last checkpoint.`,
  );
}

/** Who works on an existing shard from now on. */
export interface ClaimChange {
  readonly runId: string;
  readonly state: ShardState;
  readonly shard: number;
  /** Version that was read. */
  readonly previousVersion: number;
  readonly claims: Claims;
  /** Epoch milliseconds. */
  readonly claimedAt: number;
  /** Unique to the call. */
  readonly writer: string;
}

/**
 * Writes only who works on an existing shard; what is saved stays. A lost answer is recognised by its writer.
 *
 * @returns the new version
 * @throws ClaimLostError when another call has claimed or saved the shard since
 */
export async function saveShardClaim(ledger: LedgerTable, change: ClaimChange): Promise<number> {
  const { runId, state, shard, previousVersion, claims, claimedAt, writer } = change;
  const version = previousVersion + 1;
  const isSaved = await updateIf(ledger, shardKey(runId, state, shard), {
    if: { version: previousVersion },
    set: { version, writer, claimedAt, ...claims },
  });
  if (!isSaved) await assertOwnSave(ledger, { runId, state, shard, version, writer });
  return version;
}

/** Every checkpoint of one state of a run, by shard number. Strongly consistent. */
export async function listShards<Cursor>(
  ledger: LedgerTable,
  runId: string,
  state: ShardState,
): Promise<readonly Shard<Cursor>[]> {
  const below = { partition: `RUN#${runId}`, prefix: `SHARD#${state}#` };
  return inOrder<Cursor>(await listBelow<Facts>(ledger, below));
}

/** Checkpoints of a run by state, in the order of their numbers. */
export type Shards = ReadonlyMap<ShardState, readonly Shard[]>;

/** By state, from all checkpoints of a run as the ledger has them. */
export function shardsFrom(items: readonly Facts[]): Shards {
  return Map.groupBy(inOrder(items), ({ state }) => state);
}

function inOrder<Cursor>(items: readonly Facts[]): readonly Shard<Cursor>[] {
  const shards = items.map((item) => fromLedgerItem<Cursor>(item));
  return shards.toSorted((one, other) => one.shard - other.shard);
}
