import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import { placeOfItem } from './aws/dynamodb/keys.ts';
import { awsError } from './aws/errors.ts';
import type { WorldService } from './aws/request.ts';
import { watchLedger } from './check/every-moment.ts';
import { tamper } from './actors/tamperer.ts';
import { ledgerItems, runsOf, SOURCE, tableOf } from './holdings.ts';
import { UNNOTICED_MILLIS } from './memory.ts';
import { type Act, type Plan, RECORDS } from './plan.ts';
import type { Scene } from './scene.ts';
import type { FunctionRequest } from './world.ts';

/** A permission is missing. */
export function refusalOf(
  { denied }: Plan,
  { service, operation, input }: FunctionRequest,
): Error | undefined {
  if (denied?.operation !== operation || !JSON.stringify(input).includes(denied.name)) return undefined;
  const name = NAMES_OF_DENIALS[service] ?? 'AccessDeniedException';
  return awsError({ service, name, message: `Not authorized to perform ${operation} on ${denied.name}` });
}

const NAMES_OF_DENIALS: Readonly<Partial<Record<WorldService, string>>> = {
  s3: 'AccessDenied',
  sns: 'AuthorizationErrorException',
};

const WRITES = /^(Put|Update|Delete|BatchWrite|TransactWrite)/;

/** Promise 1, and the acts that are due at a request. */
export function watchRequests(scene: Scene, writes: string[]): void {
  const { world, plan } = scene;
  const counts = new Map<string, number>();
  const due = Map.groupBy(plan.acts, dueAt);
  const later = (act: Act, millis: number): void =>
    world.scheduler.after(millis, '', () => perform(scene, act));
  for (const act of plan.acts) if ('millis' in act.when && !('by' in act.when)) later(act, act.when.millis);
  let isEnded = false;
  world.onEnd = () => {
    if (isEnded) return;
    isEnded = true;
    for (const act of plan.acts) if ('millisAfterEnd' in act.when) later(act, act.when.millisAfterEnd);
  };
  const countRequest = ({ sender, operation }: FunctionRequest): void => {
    for (const kind of [ANY, `${sender.split('#')[0]}: ${operation}`]) {
      const nth = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, nth);
      for (const act of due.get(`${kind} ${nth}`) ?? []) later(act, delayOf(act));
    }
  };
  const watchReplaced = replacedTables(scene, writes);
  world.onRequest = (request) => {
    const { name, operation, service, input } = request;
    if (plan.acts.length > 0) countRequest(request);
    if (service !== 'dynamodb') return;
    watchReplaced(request);
    noteDeletion(scene, request);
    if (!WRITES.test(operation)) return;
    if (isOnSource(operation, input)) writes.push(`1: ${name()}`);
  };
}

function noteDeletion({ world, memory }: Scene, { operation, input }: FunctionRequest): void {
  const { TableName: table = '', Key } = input as ItemsInput;
  if (operation === 'DeleteTable') memory.deletions.set(table, world.scheduler.now());
  const found = tableOf(world, table);
  if (operation === 'DeleteItem' && Key !== undefined && found !== undefined)
    memory.deletedItems.add(`${table}: ${placeOfItem(found, Key).key}`);
}

const ANY = 'any request';

/** At which request an act is due. */
function dueAt({ when }: Act): string | undefined {
  if ('request' in when) return `${ANY} ${when.request}`;
  return 'by' in when ? `${when.by}: ${when.operation} ${when.nth}` : undefined;
}

const delayOf = ({ when }: Act): number => ('by' in when ? (when.millis ?? 0) : 0);

/** Names of the tables that a request writes into. */
interface ItemsInput {
  readonly TableName?: string;
  readonly Key?: WireItem;
  readonly RequestItems?: object;
  readonly TransactItems?: readonly TransactItem[];
}

/**
 * Promise 3: nobody writes into a table that has replaced another for a run that used the former one. A turn that has
 * begun before looks again every 5 seconds.
 */
function replacedTables({ world, memory }: Scene, found: string[]): (request: FunctionRequest) => void {
  /** By sandbox: when it has read a run last, as each turn does first. */
  const turns = new Map<string, number>();
  const isReplaced = (table: string, since: number): boolean => {
    const removedAt = memory.removed.get(table);
    if (removedAt === undefined || removedAt > since) return false;
    const records = ledgerItems(world).filter(({ SK }) => SK === `TABLE#${table}`);
    const id = tableOf(world, table)?.id;
    return records.every(({ tableId }) => tableId !== undefined && tableId !== id);
  };
  return ({ sender, name, operation, input }) => {
    if (memory.removed.size === 0 && operation !== 'GetItem') return;
    if (operation === 'GetItem' && isOfRun(input)) turns.set(sender, world.scheduler.now());
    if (!/^(Put|Update|BatchWrite)Item$/.test(operation)) return;
    // A roll back deletes what the run has written, wherever it is, and puts back what was changed meanwhile.
    if (sender.startsWith('rollBack#')) return;
    const since = Math.max(turns.get(sender) ?? 0, world.scheduler.now() - UNNOTICED_MILLIS);
    const { TableName, RequestItems = {} } = input as ItemsInput;
    for (const table of TableName === undefined ? Object.keys(RequestItems) : [TableName])
      if (isReplaced(table, since)) found.push(`3: ${name()}, which somebody has replaced`);
  };
}

const isOfRun = (input: unknown): boolean => (input as GetInput).Key.SK?.S === 'RUN';

interface GetInput {
  readonly Key: Readonly<Record<string, { readonly S?: string }>>;
}

function isOnSource(operation: string, input: unknown): boolean {
  const { TableName, RequestItems = {}, TransactItems = [] } = input as ItemsInput;
  if (operation === 'TransactWriteItems') return TransactItems.some(isOfSource);
  return TableName === SOURCE || SOURCE in RequestItems;
}

type TransactItem = Readonly<Record<string, { readonly TableName?: string } | undefined>>;

const isOfSource = (item: TransactItem): boolean =>
  Object.values(item).some((part) => part?.TableName === SOURCE);

function perform(scene: Scene, act: Act): void {
  const { world, shop, operator } = scene;
  if (scene.isLast || scene.isFrozen || !world.misfortunes.happens(act.who, act.what)) return;
  if (act.who === 'tamperer') {
    scene.isTampered ||= RECORDS.some((record) => record === act.what);
    tamper(world, scene.memory, act.what);
    return;
  }
  world.scheduler.wake(world.person.life, () => {
    if (act.who === 'shop') shop.act(act.what);
    else void operator.act(act.what).catch(() => undefined);
  });
}

/** Remembers what is there when a run begins, and checks the ledger after each of its transactions. */
export function watchTransactions(scene: Scene, found: string[]): void {
  const { world, memory } = scene;
  const ledger = watchLedger(world);
  world.onTransaction = (caller) => {
    const isBegun = caller.startsWith('beginRun#') || caller.startsWith('restoreFromBackup#');
    if (isBegun)
      for (const { runId, kind } of runsOf(world))
        if (kind === 'migrate' || kind === 'restore') memory.begin(String(runId));
    const gaps = ledger.look();
    if (!scene.isTampered) found.push(...gaps.map((gap) => `the ledger: ${gap}`));
  };
}
