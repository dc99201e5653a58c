import type { FaultHandle } from '../../workflow/local/gateway/faults.ts';
import type { ActingShop } from './acting-shop.ts';
import type { FaultShop } from './fault-shop.ts';
import { functionName, type StageKey, stages } from './request-points.ts';

/** A stage of a run, or the roll back of a run whose first write is refused. */
export type AttackStage = StageKey | 'rollBack';

/** One run under attack. */
export interface Attacked {
  readonly shop: FaultShop;
  readonly seller: ActingShop;
  readonly stage: AttackStage;
  /** The middle one of the stage's requests. */
  readonly middle: number;
  /** The execution, once it has started. */
  arn: string | undefined;
}

/** A kind of attack, and where it makes sense. */
export interface AttackKind {
  readonly name: string;
  readonly stages: readonly AttackStage[];
  /** Arms it. If there is a promise, it resolves when the attack is over. */
  readonly arm: (attacked: Attacked) => {
    readonly isStruck: () => boolean;
    readonly over: () => Promise<unknown>;
  };
  /** The run or the roll back must still succeed. If absent, the run may also be rolled back. */
  readonly isHarmless?: true;
  /** Only a soak has the time. */
  readonly isLong?: true;
  readonly input?: object;
  /** Tables whose records somebody removed by hand cannot be rolled back, so they may stay. */
  readonly mayLeaveTables?: true;
  /** Tables exist before the run, with an item of the shop. */
  readonly isIntoExisting?: true;
}

/** Late enough to arrive after the worker's next call, and well within the fence of a second. */
const LATE_MILLIS = 400;

const from = (stage: StageKey): readonly AttackStage[] => [
  ...stages.slice(stages.indexOf(stage)),
  'rollBack',
];
const struck = (handle: FaultHandle) => ({
  isStruck: () => handle.struck > 0,
  over: () => handle.settled(),
});

const WRITES =
  'PutItem UpdateItem DeleteItem BatchWriteItem TransactWriteItems CreateTable DeleteTable PutObject'.split(
    ' ',
  );

function twice(name: string, second: 'atOnce' | 'later', millis?: number): AttackKind {
  return {
    name,
    stages: from('testConnection'),
    isHarmless: true,
    arm: ({ shop, stage }) => {
      const key = new RegExp(`(^|:)${functionName(stage)}(:|$)`);
      const operation = 'Invoke';
      const late = millis === undefined ? {} : { millis };
      return struck(shop.aws.faults.add({ operation, key, kind: 'twice', second, nth: 1, ...late }));
    },
  };
}

function lateWrite(
  name: string,
  what: { readonly sender: 'killed' | 'reset'; readonly nth: number },
  first: StageKey,
): AttackKind {
  return {
    name,
    stages: from(first),
    arm: ({ shop, stage }) => {
      const at = { functionName: functionName(stage), operation: WRITES };
      return struck(shop.aws.faults.add({ ...at, ...what, kind: 'held', millis: LATE_MILLIS }));
    },
  };
}

/** Acts once, when the stage is in the middle of its work. The request of that moment waits for it. */
function inTheMiddle(act: (attacked: Attacked) => Promise<unknown>): AttackKind['arm'] {
  return (attacked) => {
    const { shop, stage, middle } = attacked;
    const at = { functionName: functionName(stage), nth: middle } as const;
    let done: Promise<unknown> | undefined;
    const handle = shop.aws.faults.add({
      ...at,
      kind: 'held',
      where: () => {
        if (handle.matched + 1 === middle)
          done = act(attacked)
            .catch(() => undefined)
            .finally(() => handle.release());
        return true;
      },
    });
    return { isStruck: () => handle.struck > 0, over: async () => done };
  };
}

async function removeTable({ dynamo }: FaultShop, TableName: string): Promise<void> {
  await dynamo.call('DeleteTable', { TableName });
}

async function replaceTable(attacked: Attacked, TableName: string): Promise<void> {
  const { dynamo } = attacked.shop;
  await removeTable(attacked.shop, TableName);
  attacked.seller.forget(TableName);
  const keys = ['PK', 'SK'];
  await dynamo.call('CreateTable', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: keys.map((AttributeName, at) => ({ AttributeName, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
  });
}

/** Removes the ledger's items of one kind, as somebody would by hand. */
export async function tamper(shop: FaultShop, kind: string): Promise<void> {
  for (const { PK, SK } of await shop.ledgerItems())
    if (SK === kind || (kind.endsWith('#') && SK.startsWith(kind) && PK.startsWith('RUN#')))
      await shop.dynamo.call('DeleteItem', {
        TableName: shop.aws.ledgerTable,
        Key: { PK: { S: PK }, SK: { S: SK } },
      });
}

/**
 * Refuses the operation to the roll back all the time. The roll back must end, keep what it could not remove, and name
 * it.
 */
function refused(operation: string): AttackKind {
  return {
    name: `${operation} refused`,
    stages: ['rollBack'],
    arm: ({ shop }) =>
      struck(
        shop.aws.faults.add({
          operation,
          functionName: functionName('rollBack'),
          table: 'orders',
          kind: 'error',
          code: 'AccessDeniedException',
        }),
      ),
  };
}

function removed(kind: string, first: StageKey): AttackKind {
  return {
    name: `${kind} removed by hand`,
    stages: from(first),
    mayLeaveTables: true,
    arm: inTheMiddle(({ shop }) => tamper(shop, kind)),
  };
}

const sellInTheMiddle = inTheMiddle(async ({ seller }) => {
  for (let pick = 0; pick < 4; pick += 1) seller.act({ kind: 'order', pick });
  seller.act({ kind: 'note', pick: 3 });
  await seller.settled();
});

/** Schedules that once broke a promise, for every stage where they make sense. */
export const attackKinds: readonly AttackKind[] = [
  twice('called twice at once', 'atOnce'),
  twice('called again after it has ended', 'later', 0),
  twice('called again after the run has ended', 'later'),
  lateWrite('killed, and its first write arrives late', { sender: 'killed', nth: 1 }, 'beginRun'),
  lateWrite('killed, and its third write arrives late', { sender: 'killed', nth: 3 }, 'backupProducts'),
  lateWrite('no answer, and the write arrives late', { sender: 'reset', nth: 1 }, 'beginRun'),
  ...['orders', 'products-enhanced'].map((table): AttackKind => ({
    name: `${table} deleted`,
    stages: from('migrateProductsEnhanced'),
    arm: inTheMiddle(({ shop }) => removeTable(shop, table)),
  })),
  {
    name: 'products-enhanced replaced',
    stages: from('migrateProductsEnhanced'),
    arm: inTheMiddle((attacked) => replaceTable(attacked, 'products-enhanced')),
    mayLeaveTables: true,
  },
  { name: 'the shop writes into new tables', stages: from('createCartTable'), arm: sellInTheMiddle },
  {
    name: 'the shop writes into existing tables',
    stages: from('createCartTable'),
    isIntoExisting: true,
    isHarmless: true,
    arm: sellInTheMiddle,
  },
  {
    name: 'the shop changes its products',
    stages,
    isHarmless: true,
    arm: inTheMiddle(async ({ seller }) => {
      seller.act({ kind: 'change product', pick: 1 });
      seller.act({ kind: 'add product', pick: 0 });
      seller.act({ kind: 'remove product', pick: 2 });
      await seller.settled();
    }),
  },
  refused('DeleteTable'),
  refused('Scan'),
  // To open a table that cannot be described, a roll back tries for a minute.
  { ...refused('DescribeTable'), isLong: true },
  removed('LOCK', 'backupProducts'),
  removed('RUN', 'backupProducts'),
  removed('SHARD#', 'backupProducts'),
  removed('FILE#', 'transformProducts'),
  removed('TARGET#', 'migrateProductsEnhanced'),
  removed('TABLE#', 'createOrdersTable'),
];
