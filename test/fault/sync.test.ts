import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fault, FaultHandle, Kill } from '../../workflow/local/gateway/faults.ts';
import type { LoggedRequest } from '../../workflow/local/gateway/request-log.ts';
import { faultKinds, type FaultKind } from '../support/fault-cells.ts';
import {
  type FollowedShop,
  followShop,
  sell,
  SYNC_FUNCTION,
  untilInStep,
  untilStruck,
  writesToSource,
} from '../support/followed-shop.ts';
import { openShop, type TestShop } from '../support/migration.ts';
import { secret } from '../support/checker.ts';
import { secretProducts } from '../support/secret-products.ts';
import { isSoak } from '../support/soak.ts';

let shop: TestShop;
let followed: FollowedShop;
/** What syncProducts sends when nothing goes wrong. */
let usual: readonly LoggedRequest[];
const logLines: string[] = [];
let seed = 1;

beforeAll(async () => {
  const log = (_name: string, text: string): void => void logLines.push(text);
  shop = await openShop({ pauseMillis: 5, mappingMillis: 20, log });
  await shop.dynamo.fillProducts(secretProducts(12));
  await shop.run('migrate', {}, 'migrated');
  followed = await followShop(shop, 'migrated');
  await sellSome(40);
  await untilInStep(shop, followed);
  usual = shop.aws.requestLog.entries.filter(({ functionName }) => functionName === SYNC_FUNCTION);
});
afterEach(() => shop.aws.faults.clear());
afterAll(async () => {
  followed.stop();
  await shop.stop();
});

/** Changes of every kind, others each time. */
function sellSome(changes = 10): Promise<void> {
  seed += 1;
  return sell(shop.dynamo, { changes, perSecond: 250, products: 12, seed });
}

/** Goes on selling until every fault has struck. */
const sellUntilStruck = (handles: readonly FaultHandle[]): Promise<void> =>
  untilStruck(handles, () => sellSome());

/** The shop is as if nothing had gone wrong. */
async function expectInStep(): Promise<void> {
  shop.aws.faults.clear();
  await untilInStep(shop, followed);
  expect(writesToSource(shop)).toEqual([]);
  expect(shop.aws.queues.get('products-migration-local-sync-failures')?.messages).toEqual([]);
}

/** What syncProducts sends in every call or so. It looks at the sync again (BatchGetItem) only in a call that takes seconds. */
const OPERATIONS = ['DeleteItem', 'DescribeTable', 'GetItem', 'PutItem', 'Query', 'UpdateItem'];

const operationsFor = (kind: FaultKind): readonly string[] =>
  OPERATIONS.filter((operation) => kind.strikes({ service: 'dynamodb', operation } as LoggedRequest));

const kinds = faultKinds.filter((kind) => operationsFor(kind).length > 0);

const DENIED = { kind: 'error', code: 'AccessDeniedException', status: 400 } as const;
const own = { service: 'dynamodb', functionName: SYNC_FUNCTION } as const;

describe('a sync under every fault that its requests can meet', () => {
  it.each(kinds.filter(({ stops }) => stops === undefined))('ends in step: $name', async (kind) => {
    const handles = operationsFor(kind).map((operation) =>
      shop.aws.faults.add(kind.fault({ ...own, operation })),
    );
    await sellUntilStruck(handles);
    await expectInStep();
  });

  it('goes on where it was once it may do again what it was forbidden', async () => {
    for (const operation of OPERATIONS) {
      await sellUntilStruck([shop.aws.faults.add({ ...own, operation, ...DENIED })]);
      await expectInStep();
    }
  });

  it('is struck at every kind of request that the function makes', () => {
    const sent = usual.filter(({ service }) => service === 'dynamodb').map(({ operation }) => operation);
    const looks = ['BatchGetItem'];
    expect([...new Set(sent)].filter((operation) => !looks.includes(operation)).toSorted()).toEqual(
      OPERATIONS,
    );
  });
});

describe('a sync whose calls go wrong', () => {
  const invoke = { service: 'lambda', operation: 'Invoke', key: new RegExp(SYNC_FUNCTION) } as const;
  const faults: readonly (readonly [string, Fault])[] = [
    ['twice at once', { ...invoke, kind: 'twice', second: 'atOnce', rate: 0.5, seed: 1 }],
    ['a second time, later', { ...invoke, kind: 'twice', second: 'later', millis: 150, rate: 0.5, seed: 2 }],
    [
      'with writes that land late',
      { ...own, kind: 'held', millis: 120, sender: 'reset', rate: 0.05, seed: 3 },
    ],
    [
      'with writes that land when their sender is gone',
      { ...own, kind: 'held', millis: 120, sender: 'killed', rate: 0.02, seed: 4 },
    ],
  ];

  it.each(faults)('ends in step: %s', async (_name, fault) => {
    const handle = shop.aws.faults.add(fault);
    await sellUntilStruck([handle]);
    await sellSome(30);
    await handle.settled();
    await expectInStep();
  });

  const points = isSoak ? [1, 2, 3, 5, 8, 13, 21, 34, 55] : [1, 8, 34];
  const kills: readonly Kill[] = points.flatMap((nth) => [
    { ...own, nth, when: 'before' },
    { ...own, nth, when: 'after' },
  ]);

  it.each(kills)('ends in step: killed $when request $nth', async (kill) => {
    await sellUntilStruck([shop.aws.faults.killAt(kill)]);
    await expectInStep();
  });

  it('says nothing of what the products hold', () => {
    expect(logLines.join('\n')).toContain('Changes followed');
    expect(logLines.filter((line) => line.includes(secret))).toEqual([]);
  });
});
