import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { withoutDigest } from '../../../functions/shared/migration/as-written.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import {
  findRun,
  itemsOf,
  ledgerItems,
  notAfter,
  notBefore,
  runsOf,
  runTagOf,
  tableOf,
  targetNames,
} from '../holdings.ts';
import { type Memory, type ShopWrite, textOfKey, UNNOTICED_MILLIS } from '../memory.ts';
import { LONGEST_WAY_MILLIS } from '../network.ts';
import type { World } from '../world.ts';
import { itemsMadeOf } from './mixture.ts';
import { isUncounted, reportOf, saysThatItWasFollowed } from './report.ts';

/** Promise 3: after ROLLED_BACK everything is as it was before the run, but for what others have written since. */
export function rolledBackGaps(world: World, memory: Memory, runId: string): readonly string[] {
  const report = reportOf(world, runId);
  return [
    ...leftTables(world, memory, { runId, report }),
    ...changedItems(world, memory, { runId }),
    ...ownItems(world, runId),
  ];
}

interface RolledBackRun {
  readonly runId: string;
  readonly report: Report | undefined;
}

/** A table of the run that stays is named: as kept, because others wrote to it, or as one in place of the recorded one. */
function leftTables(
  world: World,
  { before, writes, removed }: Memory,
  { runId, report }: RolledBackRun,
): readonly string[] {
  const snapshot = before.get(runId);
  if (snapshot === undefined) return [];
  const reported = (name: string) => report?.tables.find((table) => table.name === name);
  // The shop has written into it, or a later run, or one relies on it that has found everything in place.
  const isUsed = (name: string): boolean =>
    writes.some(({ table }) => table === name) ||
    isReliedOn(world, runId, name) ||
    itemsOf(world, name).some((item) => stringAttribute(item, 'migrationRun') !== runId);
  const isKept = (name: string): boolean => reported(name)?.outcome === 'KEPT' && isUsed(name);
  // Somebody has deleted the recorded one, and a late request of the run has created it again.
  const isReplaced = (name: string): boolean =>
    removed.has(name) && reported(name)?.remark?.includes('replaced it by another table') === true;
  const isOfRun = (name: string): boolean => {
    const table = tableOf(world, name);
    return table !== undefined && runTagOf(table) === runId && snapshot.get(name)?.tableId !== table.id;
  };
  return targetNames(world)
    .filter(isOfRun)
    .filter((name) => !isKept(name) && !isReplaced(name))
    .map((name) => `3: table ${name} stayed`);
}

/** Whatever existed before, and whatever anyone else wrote, stays: in one table, or in all of them. */
export function changedItems(
  world: World,
  memory: Memory,
  { runId, only }: { readonly runId: string; readonly only?: string },
): readonly string[] {
  const snapshot = [...(memory.before.get(runId) ?? new Map())];
  const report = reportOf(world, runId);
  const isFollowed = report !== undefined && saysThatItWasFollowed(report);
  return snapshot
    .filter(([name]) => only === undefined || name === only)
    .flatMap(([name, { tableId, items }]) => {
      const table = tableOf(world, name);
      if (table === undefined || table.id !== tableId) {
        const isExcused = isRolledBackByItsRun(world, { name, tableId }) || isMetByDeletion(memory, name);
        return isExcused ? [] : [`3: table ${name} is gone`];
      }
      return [...items].flatMap(([key, item]) => {
        const now = table.rows.get(key)?.item;
        const write = memory.writes.find((one) => one.table === name && one.key === key);
        if (write !== undefined && isNamedAsLost(world, memory, write)) return [];
        // The run had replaced it when the shop wrote to it. Both versions in one would be nobody's.
        if (write !== undefined && now !== undefined && isNamedAsKept(report, textOfKey(item))) return [];
        if (write !== undefined && isReplacedSince(item, now, runId)) return [];
        // Whether the shop's attributes are in it, others judge.
        if (write !== undefined && isFollowed && now !== undefined) return [];
        if (isFollowed && isBroughtUpToDate(world, memory, { item, now })) return [];
        if (write !== undefined && isNamedAsOverwritten(world, memory, write)) return [];
        if (isTakenByItsRun(world, item, runId) && isAsBeforeItsRun(memory, { name, key, item, now }))
          return [];
        return isSame(now, item) || isSame(now, withoutDigest(item))
          ? []
          : [`3: ${key} of ${name} is not as it was`];
      });
    });
}

/**
 * Somebody has put another table in its place while its deletion was under way. DeleteTable knows no condition. On AWS a
 * table is DELETING for seconds first, and refuses it.
 */
function isMetByDeletion({ removed, deletions }: Memory, name: string): boolean {
  const removedAt = removed.get(name) ?? Number.NaN;
  const sentAt = deletions.get(name) ?? Number.NaN;
  return removedAt > sentAt - LOOK_MILLIS && removedAt < sentAt + LONGEST_WAY_MILLIS;
}

/** A look at a table, its answer, and the way of the deletion that follows. */
const LOOK_MILLIS = 10_000;

const isNamedAsKept = (report: Report | undefined, key: string): boolean =>
  report?.rolledBack?.keptKeys?.includes(key) === true;

/**
 * Another run was committed that relies on the run's table, while the roll back that somebody had confirmed began. Nothing is
 * kept for the runs that were there when the newest of them was named.
 */
function isReliedOn(world: World, runId: string, name: string): boolean {
  const confirmed = findRun(world, runId)?.['confirmed'] ?? '';
  if (confirmed === '') return false;
  const reliants = ledgerItems(world)
    .filter(({ PK, SK }) => PK === `RUN#${runId}` && SK.startsWith('RELIED#'))
    .toSorted((one, other) => String(one['committedAt']).localeCompare(String(other['committedAt'])));
  if (reliants.at(-1)?.['runId'] === confirmed) return false;
  return reliants.some(({ tables }) =>
    (tables as readonly { readonly name: string }[]).some((table) => table.name === name),
  );
}

/** The run that created the table was rolled back meanwhile. A restore and a migration have different locks. */
function isRolledBackByItsRun(
  world: World,
  table: { readonly name: string; readonly tableId: string },
): boolean {
  return ledgerItems(world).some(
    ({ SK, tableId, outcome }) =>
      SK === `TABLE#${table.name}` && tableId === table.tableId && outcome === 'DELETED',
  );
}

/** The run that wrote the item was rolled back meanwhile, as somebody has confirmed who has named this run. */
function isTakenByItsRun(world: World, item: WireItem, runId: string): boolean {
  const writer = findRun(world, stringAttribute(item, 'migrationRun') ?? '');
  const isRolledBack = writer?.['status'] === 'ROLLED_BACK' || writer?.['status'] === 'ROLLBACK_FAILED';
  const begunAt = notBefore(world, findRun(world, runId)?.['startedAt']);
  return isRolledBack && notAfter(world, writer['finishedAt']) >= begunAt;
}

/** The shop has written to the run's own item, and a later run has replaced that since. */
function isReplacedSince(item: WireItem, now: WireItem | undefined, runId: string): boolean {
  const by = now && stringAttribute(now, 'migrationRun');
  return stringAttribute(item, 'migrationRun') === runId && by !== undefined && by !== runId;
}

/** What the run that wrote the item had found under its key. It may have been rolled back, too. */
function isAsBeforeItsRun(
  memory: Memory,
  {
    now,
    item,
    ...place
  }: { readonly name: string; readonly key: string } & {
    readonly item: WireItem;
    readonly now: WireItem | undefined;
  },
): boolean {
  if (now === undefined) return true;
  const runId = stringAttribute(item, 'migrationRun') ?? '';
  const found = memory.before.get(runId)?.get(place.name)?.items.get(place.key);
  if (found === undefined || isSame(now, found)) return found !== undefined;
  // What the shop has noted on the run's own item is in the snapshot as well.
  const isOwn = stringAttribute(found, 'migrationRun') === runId;
  return !isOwn && isAsBeforeItsRun(memory, { ...place, now, item: found });
}

/** A sync has changed the item, which stays the item of the run that wrote it, or its product has gone or no longer has it. */
function isBroughtUpToDate(
  world: World,
  { versions }: Memory,
  { item, now }: { readonly item: WireItem; readonly now: WireItem | undefined },
): boolean {
  const writtenBy = stringAttribute(item, 'migrationRun');
  if (writtenBy === undefined) return false;
  if (now !== undefined) return stringAttribute(now, 'migrationRun') === writtenBy;
  const id = stringAttribute(item, 'PK')?.slice('PRODUCT#'.length) ?? '';
  const isWithout = (made: readonly WireItem[]): boolean =>
    made.length > 0 && made.every((one) => textOfKey(one) !== textOfKey(item));
  return (versions.get(id) ?? []).some(
    (version) => version.item === undefined || isWithout(itemsMadeOf(world, version.item)),
  );
}

const isSame = (one: WireItem | undefined, other: WireItem): boolean =>
  one === other || (one !== undefined && canonicalJson(one) === canonicalJson(other));

/** Somebody changed an item while it was being deleted, and a report says that this change may be lost. */
function isNamedAsLost(world: World, { deletedItems }: Memory, { table, key, text }: ShopWrite): boolean {
  // A warning of an answer that nobody saw names no key.
  const wasDeleted = deletedItems.has(`${table}: ${key}`);
  return ledgerItems(world).some(({ SK, remark, warnings }) => {
    if (SK === `TABLE#${table}`) return LOST.test(String(remark)) && String(remark).includes(text);
    return (
      SK === 'RUN' &&
      (warnings as readonly string[]).some(
        (one) =>
          one.includes(table) && ((wasDeleted && UNSEEN.test(one)) || (LOST.test(one) && one.includes(text))),
      )
    );
  });
}

/**
 * The run has overwritten it in a table that had replaced its own a moment ago. No look can prevent that, so the report
 * must say it.
 */
function isNamedAsOverwritten(world: World, { removed }: Memory, { table, at }: ShopWrite): boolean {
  const millis = at - (removed.get(table) ?? Number.NaN);
  if (!(millis >= 0 && millis <= UNNOTICED_MILLIS + LONGEST_WAY_MILLIS)) return false;
  // A sync replaces no table, and its report has no list of them.
  const runs = runsOf(world).filter(({ kind }) => kind === 'migrate' || kind === 'restore');
  return runs.some(({ runId }) =>
    reportOf(world, String(runId))?.tables.some(
      ({ name, isReplaced, remark = '' }) => name === table && isReplaced === true && BLIND.test(remark),
    ),
  );
}

const BLIND = /did not look for items of others/;
const LOST = /while (?:they were|the item was) being deleted/;
const UNSEEN = /may not have seen DynamoDB's answer to a deletion/;

/** Nothing that only the run has written is left, or comes back later, unless the report says so. */
export function ownItems(world: World, runId: string): readonly string[] {
  const report = reportOf(world, runId);
  const left = targetNames(world).flatMap((name) =>
    [...(tableOf(world, name)?.rows.values() ?? [])].filter(
      ({ item }) => stringAttribute(item, 'migrationRun') === runId,
    ),
  );
  const named = report?.migrated.items ?? 0;
  if (report !== undefined && (saysThatItWasFollowed(report) || isUncounted(world, report))) return [];
  return left.length <= named ? [] : [`3: ${left.length} items of the run stayed, ${named} are named`];
}

/** Promise 3: every write of the shop that was answered is in place, or its table was deleted by somebody else. */
export function lostWrites(world: World, memory: Memory): readonly string[] {
  return memory.writes
    .filter((write) => {
      const { isAnswered, table, key, mark } = write;
      if (isNamedAsLost(world, memory, write) || isNamedAsOverwritten(world, memory, write)) return false;
      const item = tableOf(world, table)?.rows.get(key)?.item;
      return isAnswered && item?.[mark] === undefined;
    })
    .map(({ table, key, mark }) => `3: the shop has lost ${mark} of ${key} in ${table}`);
}
