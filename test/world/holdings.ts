import { RUN_TAG } from '../../functions/shared/aws/describe-table.ts';
import { stringAttribute, type WireItem } from '../../functions/shared/items/wire-item.ts';
import { presentTable, type Table } from './aws/dynamodb/table-state.ts';
import { toPlainItem } from './plain-values.ts';
import type { World } from './world.ts';

/** What the account holds, read without a request. */

/** An item of the ledger in plain values. */
export type LedgerItem = Readonly<Record<string, unknown>> & { readonly PK: string; readonly SK: string };

/** The table, if it exists and is not being deleted. */
export function tableOf({ aws }: World, name: string): Table | undefined {
  const table = presentTable(aws.aws, name);
  return table?.goneAt === undefined ? table : undefined;
}

export function itemsOf(world: World, name: string): readonly WireItem[] {
  return tableOf(world, name)?.inOrder.map(({ item }) => item) ?? [];
}

/** The run that created the table, as its tag says. */
export const runTagOf = ({ tags }: Table): string | undefined =>
  tags.value.find(({ Key }) => Key === RUN_TAG)?.Value;

export const SOURCE = 'products';
/** The table that every migration of a world fills. */
export const TARGET = 'products-enhanced';

/** Names of the tables that the migration fills. */
export const filledNames = ({ deployed }: Pick<World, 'deployed'>): readonly string[] =>
  deployed.migration.filled.map(({ name }) => name);

/** What is in the tables that the migration fills. */
export const filledItems = (world: World): readonly WireItem[] =>
  filledNames(world).flatMap((name) => itemsOf(world, name));

export const ledgerName = ({ deployed }: World): string => `${deployed.stack.prefix}ledger`;

/** Names of all tables but the ledger and the source. */
export function targetNames(world: World): readonly string[] {
  const others = new Set([SOURCE, ledgerName(world)]);
  return [...world.aws.state.tables.keys()].filter((name) => !others.has(name) && tableOf(world, name));
}

/** Names of the tables that backups may be restored into, the newest last. */
export const restoredTables = (world: World): readonly string[] =>
  targetNames(world).filter((name) => name.startsWith(`${SOURCE}-restored-`));

export function ledgerItems(world: World): readonly LedgerItem[] {
  return itemsOf(world, ledgerName(world)).map((item) => toPlainItem(item) as LedgerItem);
}

/** The ledger's items under one sort key: all `RUN`s, or all `LOCK`s. */
export function ledgerItemsAt(world: World, sortKey: string): readonly LedgerItem[] {
  const found = itemsOf(world, ledgerName(world)).filter(
    ({ SK }) => SK !== undefined && 'S' in SK && SK.S === sortKey,
  );
  return found.map((item) => toPlainItem(item) as LedgerItem);
}

/** The runs, oldest first. */
export function runsOf(world: World): readonly LedgerItem[] {
  const items = itemsOf(world, ledgerName(world)).filter((item) => stringAttribute(item, 'SK') === 'RUN');
  const runs = items.map((item) => toPlainItem(item) as LedgerItem);
  return runs.toSorted((one, other) => String(one['startedAt']).localeCompare(String(other['startedAt'])));
}

/** The migrations, oldest first. */
export const migrationsOf = (world: World): readonly LedgerItem[] =>
  runsOf(world).filter(({ kind }) => kind === 'migrate');

/** The restores, oldest first. */
export const restoresOf = (world: World): readonly LedgerItem[] =>
  runsOf(world).filter(({ kind }) => kind === 'restore');

/** Whether the run replaces what exists. */
export const isReplacing = ({ parameters }: Readonly<Record<string, unknown>>): boolean =>
  (parameters as { readonly onExisting?: string } | undefined)?.onExisting === 'replace';

export function findRun(world: World, runId: string): LedgerItem | undefined {
  return runsOf(world).find((run) => run['runId'] === runId);
}

/** Keys of the objects under a prefix. */
export function objectKeys(world: World, prefix: string): readonly string[] {
  const [bucket] = world.aws.state.buckets.values();
  return [...(bucket?.objects.keys() ?? [])].filter((key) => key.startsWith(prefix)).toSorted();
}

export function objectBody(world: World, key: string): Buffer | undefined {
  const [bucket] = world.aws.state.buckets.values();
  return bucket?.objects.get(key)?.body;
}

/** The earliest moment (epoch milliseconds) at which a sandbox may have written this time (ISO 8601). */
export const notBefore = ({ clocksOffMillis }: World, time: unknown): number =>
  Date.parse(String(time)) - clocksOffMillis;

/** The latest such moment. */
export const notAfter = ({ clocksOffMillis }: World, time: unknown): number =>
  Date.parse(String(time)) + clocksOffMillis;

/** When the execution was started that began a run (epoch milliseconds); 0 where none did. */
export const beganAt = ({ aws }: World, runId: unknown): number =>
  [...aws.state.executions.values()].find(({ name }) => name === runId)?.startedAt ?? 0;
