import { createHash } from 'node:crypto';
import { ABSENT } from './actions.ts';
import {
  type LedgerKey,
  type LedgerTable,
  minuteKey,
  pendingKey,
  syncPartition,
  totalKey,
} from './ledger-table.ts';
import { deleteIf, get, listBelow, putIf, query, readTogether, type Stored } from './store.ts';
import type { WireItem } from '../items/wire-item.ts';

/** A source key that could not be settled. It stays until a look finds source and target in step. */
export interface PendingKey {
  /** In wire form. */
  readonly key: WireItem;
  /** For a person. */
  readonly text: string;
  /** Why, as a sentence. */
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly since: number;
  /** Epoch milliseconds until which a write without an answer may still take effect: no earlier look counts. */
  readonly quietAt?: number;
  /**
   * Time to live has deleted its source item while the sync was SWITCHING, and nothing else has happened to it. Such a key
   * does not keep the shop from switching.
   */
  readonly isExpiry?: true;
  /** Grows with every note: a look that began before the last note does not remove it. */
  readonly version: number;
}

/** A key in 22 characters. Two keys that share a mark are told apart by {@link PendingKey.key}: there are none. */
export const markOf = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, 22);

/** Which key, by the identity that its table's key gives it. */
export interface PendingPlace {
  readonly syncId: string;
  readonly identity: string;
}

/** Notes a key that is to be reconciled by a later call. Safe to repeat: a later note is another version. */
export async function notePending(
  ledger: LedgerTable,
  { syncId, identity }: PendingPlace,
  { key, text, reason, since, quietAt, isExpiry }: Omit<PendingKey, 'version'>,
): Promise<void> {
  const place = pendingKey(syncId, markOf(identity));
  for (;;) {
    const known = await get<PendingKey>(ledger, place);
    const later = laterOf(known?.quietAt, quietAt);
    const wasExpiry = known === undefined || known.isExpiry === true;
    const isExpiryOnly = isExpiry === true && wasExpiry && later.quietAt === undefined;
    const item = {
      key,
      text,
      reason,
      since: known?.since ?? since,
      version: (known?.version ?? 0) + 1,
      ...later,
      ...(isExpiryOnly && { isExpiry }),
    };
    const expected = { version: known === undefined ? ABSENT : known.version };
    if (await putIf(ledger, place, { item, if: expected })) return;
  }
}

function laterOf(known = 0, quietAt = 0): Pick<PendingKey, 'quietAt'> {
  const later = Math.max(known, quietAt);
  return later > 0 ? { quietAt: later } : {};
}

/** Keys that wait. Strongly consistent. */
export function listPending(ledger: LedgerTable, syncId: string): Promise<readonly Stored<PendingKey>[]> {
  return listBelow<PendingKey>(ledger, { partition: syncPartition(syncId), prefix: 'PENDING#' });
}

/** Those of these keys that wait, by their identities. Strongly consistent. */
export async function findPending(
  ledger: LedgerTable,
  syncId: string,
  identities: readonly string[],
): Promise<ReadonlyMap<string, PendingKey>> {
  const found = await readTogether(
    ledger,
    identities.map((identity) => pendingKey(syncId, markOf(identity))),
  );
  return new Map(
    identities.flatMap((identity, index) =>
      found[index] === undefined ? [] : [[identity, found[index] as unknown as PendingKey]],
    ),
  );
}

/** Which of the keys that wait. */
export interface SomePending {
  /** In [0, 1): where in the order of their marks to begin. By chance, so that keys that stay hold up no others. */
  readonly from: number;
  /** At most this many. */
  readonly limit: number;
}

/** Some of the keys that wait, without reading them all. Strongly consistent. */
export async function somePending(
  ledger: LedgerTable,
  syncId: string,
  { from, limit }: SomePending,
): Promise<readonly Stored<PendingKey>[]> {
  const start = MARK_CHARACTERS[Math.floor(from * MARK_CHARACTERS.length)] ?? '';
  const later = await pendingBetween(ledger, syncId, { from: start, to: BEHIND_MARKS, limit });
  const room = limit - later.length;
  if (room === 0 || start === '') return later;
  const earlier = await pendingBetween(ledger, syncId, { from: '', to: start, limit: room });
  const known = new Set(later.map(({ SK }) => SK));
  return [...later, ...earlier.filter(({ SK }) => !known.has(SK))];
}

/** Of base64url, in the order in which DynamoDB sorts them. */
const MARK_CHARACTERS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
const BEHIND_MARKS = '~';

async function pendingBetween(
  ledger: LedgerTable,
  syncId: string,
  { from, to, limit }: { readonly from: string; readonly to: string; readonly limit: number },
): Promise<readonly Stored<PendingKey>[]> {
  const found = query<PendingKey>(ledger, {
    KeyConditionExpression: 'PK = :partition AND SK BETWEEN :from AND :to',
    ExpressionAttributeValues: {
      ':partition': syncPartition(syncId),
      ':from': pendingKey(syncId, from).SK,
      ':to': pendingKey(syncId, to).SK,
    },
    ConsistentRead: true,
    Limit: limit,
  });
  const keys: Stored<PendingKey>[] = [];
  for await (const key of found) if (keys.push(key) >= limit) break;
  return keys;
}

/** Removes a key after a clean look. @returns false: it was noted again since, and stays */
export function settlePending(
  ledger: LedgerTable,
  { PK, SK, version }: Stored<PendingKey>,
): Promise<boolean> {
  return deleteIf(ledger, { PK, SK }, { version });
}

/** What a sync did in some time. Counts are absolute. */
export interface SyncCounts {
  /** Change records that were settled. */
  readonly records: number;
  /** Source keys whose target items were written or deleted. */
  readonly repaired: number;
  readonly conflicts: number;
  readonly quarantined: number;
  /** Keys that were noted as pending. */
  readonly pending: number;
  /** From the change (whole seconds) to its settling: the sum over the records, and the longest. */
  readonly lagMillis: number;
  readonly maxLagMillis: number;
  /** Epoch milliseconds: when the last records of a writer were settled. Time to live is none. */
  readonly lastAt: number;
  /** Epoch milliseconds, of a whole second: when the newest of the changes so far was made; absent before the first. */
  readonly newestChangeAt?: number;
}

/** What a sync did in one minute. */
export interface SyncMinute extends SyncCounts {
  /** `2026-11-28T23:59`, in UTC. */
  readonly minute: string;
}

type Written<Counts> = Counts & { readonly version: number; readonly writer: string };

/**
 * Adds what one call has done to its minute and to the sync's total. A lost answer is recognised by its writer, so that
 * nothing counts twice.
 *
 * @param writer unique to the call
 */
export async function addToMinute(
  ledger: LedgerTable,
  { syncId, writer }: { readonly syncId: string; readonly writer: string },
  done: SyncMinute,
): Promise<void> {
  const { minute, ...counts } = done;
  await add(ledger, minuteKey(syncId, minute), { writer, done: counts, label: { minute } });
  await add(ledger, totalKey(syncId), { writer, done: counts, label: {} });
}

async function add(
  ledger: LedgerTable,
  place: LedgerKey,
  {
    writer,
    done,
    label,
  }: { readonly writer: string; readonly done: SyncCounts; readonly label: Partial<SyncMinute> },
): Promise<void> {
  for (;;) {
    const known = await get<Written<SyncCounts>>(ledger, place);
    if (known?.writer === writer) return;
    const item = { ...label, ...sumOf(known, done), version: (known?.version ?? 0) + 1, writer };
    const expected = { version: known === undefined ? ABSENT : known.version };
    if (await putIf(ledger, place, { item, if: expected })) return;
  }
}

function sumOf(known: SyncCounts | undefined, done: SyncCounts): SyncCounts {
  if (known === undefined) return done;
  return {
    records: known.records + done.records,
    repaired: known.repaired + done.repaired,
    conflicts: known.conflicts + done.conflicts,
    quarantined: known.quarantined + done.quarantined,
    pending: known.pending + done.pending,
    lagMillis: known.lagMillis + done.lagMillis,
    maxLagMillis: Math.max(known.maxLagMillis, done.maxLagMillis),
    lastAt: Math.max(known.lastAt, done.lastAt),
    newestChangeAt: Math.max(known.newestChangeAt ?? 0, done.newestChangeAt ?? 0),
  };
}

/** What the sync has done since it began. Strongly consistent; `undefined` before the first change. */
export function findTotal(ledger: LedgerTable, syncId: string): Promise<SyncCounts | undefined> {
  return get<SyncCounts>(ledger, totalKey(syncId));
}

/** A sync may be open for weeks: what is shown of it is no more than this. */
const MAX_MINUTES = 60;

/** What the sync did in the last 60 minutes that had something to do, oldest first. Strongly consistent. */
export async function listMinutes(ledger: LedgerTable, syncId: string): Promise<readonly SyncMinute[]> {
  const newestFirst = query<SyncMinute>(ledger, {
    KeyConditionExpression: 'PK = :partition AND begins_with(SK, :prefix)',
    ExpressionAttributeValues: { ':partition': syncPartition(syncId), ':prefix': 'MINUTE#' },
    ConsistentRead: true,
    ScanIndexForward: false,
    Limit: MAX_MINUTES,
  });
  const minutes: SyncMinute[] = [];
  for await (const minute of newestFirst) if (minutes.push(minute) >= MAX_MINUTES) break;
  return minutes.toReversed();
}
