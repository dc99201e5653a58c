import { hash } from 'node:crypto';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { unmarked } from '../../support/shop-marks.ts';
import { type LedgerItem, ledgerItems, objectBody, tableOf } from '../holdings.ts';
import { idOf, type Memory } from '../memory.ts';
import type { World } from '../world.ts';
import { reportOf } from './report.ts';
import { changedItems } from './roll-back.ts';
import { linesOf, manifestKey, sealedFiles } from './target.ts';

/** What a restore was asked for. */
export interface Order {
  readonly backupId: string;
  readonly targetTable: string;
}

export const orderIn = (run: LedgerItem): Order => run['details'] as Order;

/** Promises 2, 3 and 6 of a restore that ended last. */
export function restoreGaps(world: World, memory: Memory, run: LedgerItem): readonly string[] {
  const { targetTable } = orderIn(run);
  if (memory.removed.has(targetTable)) return [];
  switch (run['status']) {
    case 'SUCCEEDED':
      return [...contentGaps(world, memory, run), ...countGaps(world, run)];
    case 'ROLLED_BACK':
      return [
        ...leftTable(world, memory, run),
        ...changedItems(world, memory, { runId: String(run['runId']), only: targetTable }),
      ];
    default:
      return [];
  }
}

/** The table holds what the backup holds. What was there before, or was written by others, is as they left it. */
function contentGaps(world: World, memory: Memory, run: LedgerItem): readonly string[] {
  const { backupId, targetTable } = orderIn(run);
  const runId = String(run['runId']);
  const table = tableOf(world, targetTable);
  if (table === undefined) return [`2: restore ${runId} succeeded, and ${targetTable} is gone`];
  const before = [...(memory.before.get(runId)?.get(targetTable)?.items.values() ?? [])].map(bare);
  const older = new Map(before.map((item) => [idOf(item), item]));
  const { items: backup, lost } = backupItems(world, memory, backupId);
  const found = new Map(table.inOrder.map(({ item }) => [idOf(item), unmarked(item)]));
  const wrong = [...backup].filter(([id, item]) => {
    const { item: now } = found.get(id) ?? {};
    return now === undefined || !isSame(now, older.get(id) ?? item);
  });
  const extra = [...found].filter(([id, { isMarked }]) => !backup.has(id) && !older.has(id) && !isMarked);
  return [
    ...lost.map((key) => `2: restore ${runId} succeeded, and ${key} never was as its manifest says`),
    ...wrong.map(([id]) => `2: restore ${runId} has not put ${id} into ${targetTable} as it was backed up`),
    ...extra.map(([id]) => `2: restore ${runId} has put ${id} into ${targetTable}, which is in no backup`),
  ];
}

const bare = (item: WireItem): WireItem => unmarked(item).item;

const isSame = (one: WireItem, other: WireItem): boolean => canonicalJson(one) === canonicalJson(other);

interface BackupItems {
  readonly items: ReadonlyMap<string, WireItem>;
  /** Keys of files that never were as the manifest says. */
  readonly lost: readonly string[];
}

/** What was sealed: somebody may have damaged files since, which a restore that succeeds has read before. */
function backupItems(world: World, memory: Memory, backupId: string): BackupItems {
  const versionsOf = (key: string): readonly Buffer[] =>
    [...(memory.damaged.get(key) ?? []), objectBody(world, key) ?? []].flat();
  const [manifest] = versionsOf(manifestKey(backupId));
  const files = manifest === undefined ? [] : sealedFiles(manifest);
  const bodies = files.map(({ key, sha256 }) => ({
    key,
    body: versionsOf(key).find((body) => hash('sha256', body, 'base64') === sha256),
  }));
  const items = bodies.flatMap(({ body }) => linesOf(body));
  return {
    items: new Map(items.map((item) => [idOf(item), item])),
    lost: bodies.flatMap(({ key, body }) => (body === undefined ? [key] : [])),
  };
}

function countGaps(world: World, run: LedgerItem): readonly string[] {
  const runId = String(run['runId']);
  const { restored, backup } = reportOf(world, runId) ?? ({} as Partial<Report>);
  if (restored === undefined) return [`6: the report of restore ${runId} does not say what was restored`];
  const { written, alreadyPresent, keptDifferent } = restored;
  const said = written + alreadyPresent + keptDifferent;
  return said === backup?.items
    ? []
    : [`6: the report of restore ${runId} accounts for ${said} of ${backup?.items} items`];
}

/** A table that the restore has created is gone, unless others have used it. A later restore may have made it again. */
function leftTable(world: World, { writes, before }: Memory, run: LedgerItem): readonly string[] {
  const { targetTable } = orderIn(run);
  const runId = String(run['runId']);
  const table = tableOf(world, targetTable);
  if (table === undefined || before.get(runId)?.get(targetTable)?.tableId === table.id) return [];
  const records = ledgerItems(world).filter(({ SK }) => SK === `TABLE#${targetTable}`);
  const others = records.filter(({ PK }) => PK !== `RUN#${runId}`);
  if (others.some(({ outcome, tableId }) => outcome === 'CREATED' && tableId === table.id)) return [];
  const isKept = reportOf(world, runId)?.tables.some(
    ({ name, outcome }) => name === targetTable && outcome === 'KEPT',
  );
  const isUsed = writes.some((write) => write.table === targetTable) || others.length > 0;
  return isKept === true && isUsed ? [] : [`3: table ${targetTable} of restore ${runId} stayed`];
}
