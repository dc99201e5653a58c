import { counted } from '../shared/counted.ts';
import { waitForKeys } from '../shared/copy/reconcile/take-up-pending.ts';
import type { SourceReplacedError } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { findOpenSync, noteArrival, noteGap, type Switched } from '../shared/ledger/sync.ts';
import { runKey } from '../shared/ledger/ledger-table.ts';
import { get } from '../shared/ledger/store.ts';
import { splitMessage } from '../shared/message.ts';
import { findSwitchTo } from '../shared/runs/switched.ts';
import type { Runtime } from '../shared/runtime.ts';
import { filledTablesOf } from '../shared/tables/run-tables.ts';
import { type Change, firstOfEachKey } from './change-batch.ts';

/**
 * Deals with changes that may not be written to the target. While the sync is SWITCHING they are noted, as arrivals and
 * as pending keys, so that the switch is not made and nothing is lost. What time to live deletes is no arrival: it is only
 * pending. Without an open sync they are only counted in the log.
 *
 * @returns whether they are dealt with; `false`: the sync follows the source again
 */
export async function setAside(runtime: Runtime, changes: readonly Change[]): Promise<boolean> {
  const { ledger, config } = runtime;
  for (;;) {
    const sync = await findOpenSync(ledger, config.sourceTable);
    if (sync?.status === 'SYNCING') return false;
    if (sync?.status !== 'SWITCHING') {
      await sayUnfollowed(runtime, sync, changes);
      return true;
    }
    if (await noteWhileSwitching(runtime, sync, changes)) return true;
  }
}

/** @returns `false`: another call has changed the sync's record first */
async function noteWhileSwitching(runtime: Runtime, sync: Run, changes: readonly Change[]): Promise<boolean> {
  const { ledger, clock } = runtime;
  await noteGaps(runtime, sync, changes);
  const at = clock.now();
  const written = changes.filter(isWritten);
  const [first] = written;
  const count = written.length;
  const newestChangeAt = Math.max(0, ...written.map(({ changedAt }) => changedAt));
  const arrived = { key: first?.text ?? '', at, count, newestChangeAt };
  if (first !== undefined && !(await noteArrival(ledger, sync, arrived))) return false;
  const writtenKeys = new Set(written.map(({ identity }) => identity));
  const keys = firstOfEachKey(changes).map(({ key, text, identity }) => {
    const of = writtenKeys.has(identity)
      ? { reason: SWITCHING }
      : ({ reason: EXPIRED, isExpiry: true } as const);
    return { key, text, since: at, ...of };
  });
  await waitForKeys(runtime, sync.runId, keys);
  const said = { syncId: sync.runId, records: count, expired: changes.length - count };
  if (count > 0) runtime.logger.warn('Changes have arrived during the switch', said);
  return true;
}

const isWritten = ({ isExpiry }: Change): boolean => !isExpiry;

const SWITCHING = 'It changed while the sync was SWITCHING, when nothing may be written.';
const EXPIRED =
  'Time to live deleted it while the sync was SWITCHING, when nothing may be written. After a switch its target items stay.';

/** An alarm counts the changes of the error by its message: workflow/resources/sync.yml. */
async function sayUnfollowed(
  runtime: Runtime,
  sync: Run | undefined,
  changes: readonly Change[],
): Promise<void> {
  if (changes.length === 0) return;
  const switched = sync === undefined && changes.some(isWritten) ? await findSwitch(runtime) : undefined;
  const seenUntil = switched === undefined ? 0 : await comparedSince(runtime, switched);
  const written = changes.filter((change) => isWritten(change) && change.changedAt >= seenUntil);
  const records = written.length;
  if (switched === undefined || records === 0) {
    const expired = changes.filter(({ isExpiry }) => isExpiry).length;
    const seen = changes.length - records - expired;
    const said = { records, expired, ...(seen > 0 && { seen }), syncId: sync?.runId, status: sync?.status };
    runtime.logger.info('Changes without a sync', said);
    return;
  }
  const { sourceTable } = runtime.config;
  runtime.logger.error('LateChangeRecord', {
    ...switched,
    records,
    key: written[0]?.text,
    cause: `${counted(records, 'change')} of ${sourceTable} arrived after the shop had switched, and nothing was written: something still writes to ${sourceTable}. Stop it, then apply its changes to the new tables by hand.`,
  });
}

/** The last switch to a table that the migration fills. */
async function findSwitch(runtime: Runtime): Promise<Switched | undefined> {
  const tables = filledTablesOf(runtime, { settings: {} });
  const found = await Promise.all(tables.map(({ name }) => findSwitchTo(runtime, name)));
  return found.find((one) => one !== undefined);
}

/** Stream records carry whole seconds, and clocks differ a little. */
const INEXACT_MILLIS = 5_000;

/**
 * Epoch milliseconds: what was changed before has been compared by the cut over, however late its record comes. 0: nobody
 * knows.
 */
async function comparedSince({ ledger }: Runtime, { syncId }: Switched): Promise<number> {
  const sync = await get<Pick<Run, 'compared'>>(ledger, runKey(syncId));
  const { startedAt } = sync?.compared ?? {};
  return startedAt === undefined ? 0 : startedAt - INEXACT_MILLIS;
}

/** A stream keeps its records for 24 hours. Whoever is this late may have lost some. */
const OLDEST_MILLIS = 23 * 3_600_000;

/**
 * Notes when changes may have been missed: they came from another stream, or so late that others may be lost. The alarm on
 * gaps counts the error by its message: workflow/resources/sync.yml.
 */
export async function noteGaps(runtime: Runtime, sync: Run, changes: readonly Change[]): Promise<void> {
  for (const reason of gapReasons(sync, changes, runtime.clock.now()))
    await noteMissed(runtime, sync, reason);
}

/** Notes that nothing of what happens to the source is delivered any more: it is another table. */
export function noteReplaced(runtime: Runtime, sync: Run, { message }: SourceReplacedError): Promise<void> {
  return noteMissed(runtime, sync, splitMessage(message).said);
}

async function noteMissed({ ledger, clock, logger }: Runtime, { runId }: Run, reason: string): Promise<void> {
  await noteGap(ledger, runId, { at: clock.now(), reason });
  logger.error('Changes may have been missed', { syncId: runId, reason });
}

function gapReasons({ stream, startedAt }: Run, changes: readonly Change[], now: number): readonly string[] {
  const foreign = changes.find(({ streamArn }) => streamArn !== stream?.arn);
  // A sync's first compare comes after its beginning, so only what changed since then can be missed.
  const since = Date.parse(startedAt);
  const late = changes.some(({ changedAt }) => now - Math.max(changedAt, since) > OLDEST_MILLIS);
  return [
    ...(foreign === undefined
      ? []
      : [`Changes came from ${foreign.streamArn}, but the sync follows ${stream?.arn ?? 'no stream yet'}.`]),
    ...(late ? ['Changes arrived more than 23 hours late. A stream keeps them for 24 hours only.'] : []),
  ];
}
