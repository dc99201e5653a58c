import { getItem } from '../../aws/get-item.ts';
import { type ConditionalOutcome, isRefusedItem } from '../../aws/item-table.ts';
import { partitionPages, queryPartition, type QueryPartition } from '../../aws/query-partition.ts';
import { absentCondition, changeOf, mostlyUnchangedCondition } from '../../aws/unchanged.ts';
import { updateIf } from '../../aws/update-if.ts';
import { canonicalJson } from '../../items/canonical-json.ts';
import { keyOf, keyText } from '../../items/item-key.ts';
import type { WireItem } from '../../items/wire-item.ts';
import { ownerOf } from '../../migration/owner.ts';
import { isThrottle, retry } from '../../retry.ts';
import type { Runtime } from '../../runtime.ts';
import { shorten } from '../../text.ts';
import { writeUnitsOf } from '../../items/item-size.ts';
import {
  type PaidDeletion,
  paidDeletion,
  paidWrite,
  type PaidScope,
  type WriteMeter,
} from '../load/write-scope.ts';
import { putBackUntil } from '../put-back.ts';
import type { WarnLost } from '../unseen-deletion.ts';
import type { Rate } from '../rate.ts';
import type { ReadPace } from '../read-pace.ts';
import type { ItemReplacement } from './decide.ts';
import type { PlannedWrite, ReconcileIo, Refused, TargetTable, WriteEnd } from './reconcile-io.ts';
import type { ItemWrite, RefusedWrites } from './refused-writes.ts';

/** What requests were charged, and how many of them were too fast. */
export interface ReconcileCost extends WriteMeter {
  readUnits: number;
}

/** The caps of one table. */
export interface Lane {
  readonly pace: ReadPace;
  readonly rate: Rate;
}

/** What the requests of one source key need. */
export interface RequestScope {
  readonly sourceTable: string;
  readonly sourceKey: WireItem;
  /** Absent: nobody remembers what DynamoDB refuses. */
  readonly refusedWrites?: RefusedWrites | undefined;
  readonly fence: () => Promise<void>;
  /** Epoch milliseconds after which no request waits for the caps, or is tried again. */
  readonly deadline: number;
  readonly laneOf: (tableName: string) => Lane;
  readonly cost: ReconcileCost;
  /** See `unseenDeletionWarners`. Absent: nobody is told. */
  readonly warnUnseen?: ((tableName: string) => Promise<void>) | undefined;
  /** See `lostChangeWarner`. Absent: nobody is told. */
  readonly warnLost?: WarnLost | undefined;
  /** Awaited before each deletion, with the table's name. */
  readonly beforeDeletion?: ((tableName: string) => Promise<void>) | undefined;
}

type Runs = Pick<Runtime, 'clients' | 'items' | 'clock'>;
interface Scope extends RequestScope {
  readonly runtime: Runs;
}

/** The requests of a reconcile over HTTP: paced, tried again until the deadline, each write behind the fence. */
export function openRequests(runtime: Runs, request: RequestScope): ReconcileIo {
  const scope: Scope = { ...request, runtime };
  return {
    readTarget: (table, sourceKey) => readTarget(scope, table, sourceKey),
    readSource: (sourceKey) => readSource(scope, sourceKey),
    putIf: (table, item) => put(scope, table, item),
    changeIf: (table, replacement) => change(scope, table, replacement),
    deleteIf: (table, item) => remove(scope, table, item),
    putBack: (table, item, existing) => putBack(scope, table, { item, existing }),
    recallRefusal: (table, planned) => recallRefusal(scope, table, planned),
  };
}

/** A partition may hold items of several source items, and of others: those are left out page by page. */
async function readTarget(
  scope: Scope,
  { name, spec }: TargetTable,
  sourceKey: WireItem,
): Promise<readonly WireItem[]> {
  const query = queryPartition(scope.runtime.clients.dynamo);
  const readPage: QueryPartition = (request) => read(scope, name, () => query(request));
  const owner = canonicalJson(sourceKey);
  const found: WireItem[] = [];
  for (const value of spec.partitionsOf(sourceKey)) {
    const partition = { tableName: name, partitionKey: spec.key.partitionKey, value };
    for await (const page of partitionPages(readPage, partition))
      found.push(...page.filter((item) => ownerOf(item, spec) === owner));
  }
  return found;
}

async function readSource(scope: Scope, key: WireItem): Promise<WireItem | undefined> {
  const { sourceTable: tableName, runtime } = scope;
  const get = getItem(runtime.clients.dynamo);
  return (await read(scope, tableName, () => get({ tableName, key }))).item;
}

async function read<T extends { readonly readUnits: number }>(
  { runtime: { clock }, deadline, laneOf, cost }: Scope,
  tableName: string,
  attempt: () => Promise<T>,
): Promise<T> {
  const { pace } = laneOf(tableName);
  await pace.wait();
  const onRetry = (error: unknown): void => {
    if (isThrottle(error)) cost.throttles += 1;
  };
  const answer = await retry({ clock, deadline, onRetry }, attempt);
  cost.readUnits += answer.readUnits;
  // A single item says nothing of what a page of a Scan costs.
  pace.charge({ readUnits: answer.readUnits, items: 0 });
  return answer;
}

function paidScope(
  { runtime: { clock }, fence, deadline, laneOf, cost }: Scope,
  table: TargetTable,
): PaidScope {
  return {
    rate: laneOf(table.name).rate,
    fence: { check: fence },
    meter: cost,
    retry: (attempt, onRetry) => retry({ clock, deadline, onRetry }, attempt),
  };
}

function put(scope: Scope, table: TargetTable, item: WireItem): Promise<WriteEnd> {
  const { items } = scope.runtime;
  return write(scope, { table, to: item }, () => items.putIf(table.name, item, absentIn(table)));
}

async function change(scope: Scope, table: TargetTable, replacement: ItemReplacement): Promise<WriteEnd> {
  return write(scope, { table, ...replacement }, () => sendChange(scope, table, replacement));
}

/** Both items must be small enough for a condition, which the decision sees to. */
async function sendChange(
  { runtime }: Scope,
  table: TargetTable,
  { from, to }: ItemReplacement,
): Promise<ConditionalOutcome> {
  const keyNames = table.spec.tableKey.map(({ name }) => name);
  const wanted = changeOf({ from, to }, keyNames);
  if (wanted === undefined) return { written: false, writeUnits: 0, existing: from };
  return updateIf(runtime.clients.dynamo)({ tableName: table.name, key: keyIn(table, from), change: wanted });
}

interface TargetWrite extends PlannedWrite {
  readonly table: TargetTable;
}

async function write(
  scope: Scope,
  { table, ...planned }: TargetWrite,
  attempt: () => Promise<ConditionalOutcome>,
): Promise<WriteEnd> {
  const { to } = planned;
  try {
    const outcome = await paidWrite(paidScope(scope, table), writeUnitsOf(to), attempt);
    return outcome.written ? 'written' : 'failed';
  } catch (error) {
    if (!isRefusedItem(error)) throw error;
    const key = keyText(to, table.spec.tableKey);
    const refused = `DynamoDB refuses item ${key} of table ${table.name} for good: ${shorten(error.message, 500)} What was there stays. Correct the source item, and it is taken up again. Or correct the transform.`;
    await scope.refusedWrites?.note(itemWrite(scope, table, planned), refused);
    return { refused };
  }
}

async function recallRefusal(
  scope: Scope,
  table: TargetTable,
  planned: PlannedWrite,
): Promise<Refused | undefined> {
  const refused = await scope.refusedWrites?.find(itemWrite(scope, table, planned));
  return refused === undefined ? undefined : { refused };
}

const itemWrite = ({ sourceKey }: Scope, { name }: TargetTable, planned: PlannedWrite): ItemWrite => ({
  ...planned,
  table: name,
  sourceKey,
});

async function remove(scope: Scope, table: TargetTable, item: WireItem): Promise<PaidDeletion> {
  const { items } = scope.runtime;
  const { name } = table;
  const warnUnseen = async (): Promise<void> => scope.warnUnseen?.(name);
  await scope.beforeDeletion?.(name);
  const deletion = await paidDeletion({ ...paidScope(scope, table), warnUnseen }, writeUnitsOf(item), () =>
    items.deleteIf(name, keyIn(table, item), mostlyUnchangedCondition(item)),
  );
  // An attempt that got no answer has deleted it.
  if (!deletion.written && deletion.isInDoubt && deletion.existing === undefined) await warnUnseen();
  return deletion;
}

interface ReturningItem {
  readonly item: WireItem;
  /** What it takes the place of; absent: nothing. */
  readonly existing: WireItem | undefined;
}

async function putBack(
  scope: Scope,
  table: TargetTable,
  { item, existing }: ReturningItem,
): Promise<ConditionalOutcome> {
  const { runtime, deadline, cost } = scope;
  const attempt = (): Promise<ConditionalOutcome> =>
    existing === undefined
      ? runtime.items.putIf(table.name, item, absentIn(table))
      : sendChange(scope, table, { from: existing, to: item });
  try {
    const outcome = await retry(putBackUntil(runtime.clock, deadline), attempt);
    cost.writeUnits += outcome.writeUnits;
    return outcome;
  } catch (error) {
    await scope.warnLost?.(table.name, keyText(item, table.spec.tableKey));
    throw error;
  }
}

const absentIn = ({ spec }: TargetTable) => absentCondition(spec.key.partitionKey);
const keyIn = ({ spec }: TargetTable, item: WireItem): WireItem => keyOf(item, spec.tableKey);
