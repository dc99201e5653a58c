import { stringAttribute } from '../../../functions/shared/items/wire-item.ts';
import type { Report, ReportedTable } from '../../../functions/shared/runs/report.ts';
import {
  filledItems,
  filledNames,
  isReplacing,
  ledgerItems,
  objectBody,
  runTagOf,
  tableOf,
} from '../holdings.ts';
import type { World } from '../world.ts';
import { unmarked } from '../../support/shop-marks.ts';

/** The report of a run from the bucket. */
export function reportOf(world: World, runId: string): Report | undefined {
  const body = objectBody(world, `runs/${runId}/report.json`);
  return body === undefined ? undefined : (JSON.parse(body.toString()) as Report);
}

const ENDED = new Set(['SUCCEEDED', 'ROLLED_BACK', 'ROLLBACK_FAILED', 'HELD', 'PLANNED']);

/** Promise 6: the report of a run that has just ended states what exists now. */
export function reportGaps(
  world: World,
  run: Readonly<Record<string, unknown>>,
  isRemovedSince: (table: string) => boolean,
): readonly string[] {
  const runId = String(run['runId']);
  const status = String(run['status']);
  if (!ENDED.has(status)) return [];
  const report = reportOf(world, runId);
  if (report === undefined) return [`6: run ${runId} is ${status} and has no report`];
  return [
    ...(report.status === status ? [] : [`6: the report says ${report.status}, the ledger ${status}`]),
    ...report.tables
      .filter(({ name }) => !isRemovedSince(name))
      .flatMap((table) => tableGaps(world, runId, table)),
    ...(run['kind'] === 'restore' ||
    filledNames(world).some(isRemovedSince) ||
    saysThatItWasFollowed(report) ||
    isUncounted(world, report)
      ? []
      : countGaps(world, report, isReplacing(run))),
  ];
}

/** A sync adds and removes items of the run that it follows, and the report says so. */
export const saysThatItWasFollowed = ({ warnings = [] }: Report): boolean =>
  warnings.some((warning) => /^Sync \S+ has kept the tables in step/.test(warning));

/** The report says that nobody has counted what is in the table now. */
export const isUncounted = (world: World, { tables }: Report): boolean =>
  tables.some(({ name, uncounted }) => filledNames(world).includes(name) && uncounted === true);

/** What the report says where nobody could look. */
const NOT_LOOKED_AT = /could not be looked at/;

/** `DELETED` is about the table that the run worked with, though another one may have its name now. */
function tableGaps(
  world: World,
  runId: string,
  { name, outcome, access, remark = '' }: ReportedTable,
): readonly string[] {
  const record = ledgerItems(world).find(({ PK, SK }) => PK === `RUN#${runId}` && SK === `TABLE#${name}`);
  const table = tableOf(world, name);
  const recordedId = record?.['tableId'];
  // A run that died before the table was ACTIVE has not recorded its id.
  const isOfRun =
    table !== undefined && (recordedId === undefined ? runTagOf(table) === runId : recordedId === table.id);
  if (outcome === 'DELETED') return isOfRun ? [`6: the report says DELETED of ${name}, which is there`] : [];
  if (table === undefined && NOT_LOOKED_AT.test(remark)) return [];
  if (table === undefined) return [`6: the report says ${outcome} of ${name}, which is not there`];
  const isClosed = JSON.stringify(table.policy.value ?? '').includes('migration-');
  return access === 'OPEN' && isClosed ? [`6: ${name} is said to be open and is closed`] : [];
}

function countGaps(
  world: World,
  { runId, migrated, status }: Report,
  mayReplace: boolean,
): readonly string[] {
  const items = filledItems(world);
  const own = items.filter((item) => stringAttribute(item, 'migrationRun') === runId).length;
  const said = migrated.items;
  if (status === 'SUCCEEDED') {
    const expected = own + migrated.alreadyPresent - (migrated.replaced ?? 0);
    // What a dead worker has replaced late counts as already there, and stale items that the shop has changed stay.
    const present = items.filter((item) => !unmarked(item).isOfShop).length;
    return said === expected || (mayReplace && said >= own && said <= present)
      ? []
      : [`6: the report counts ${said} items in place, and there are ${expected}`];
  }
  if (status === 'HELD' || said === own) return [];
  return [`6: the report counts ${said} items in place, and ${own} belong to the run`];
}
