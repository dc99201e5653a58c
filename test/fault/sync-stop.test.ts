import { ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { GetExecutionHistoryCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/embedded.ts';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { sell, SYNC_FUNCTION, targetDifferences } from '../support/followed-shop.ts';
import { functionName, requestCounts } from '../support/request-points.ts';
import { secretProducts } from '../support/secret-products.ts';
import { rawAws } from '../support/streams.ts';

let shop: FaultShop;
let migrated = '';

beforeAll(async () => {
  shop = await openFaultShop({
    pauseMillis: 10,
    mappingMillis: 20,
    environment: { FENCE_WAIT_SECONDS: '1' },
  });
  await shop.dynamo.fillProducts(secretProducts(8));
  await rawAws(shop.aws).enable('products');
  ({ runId: migrated } = await shop.migrate());
});
afterAll(() => shop.stop());

const FROZEN = { action: 'cutover', frozen: true } as const;

type LedgerItem = Awaited<ReturnType<FaultShop['ledgerItems']>>[number];

const syncs = async (): Promise<readonly LedgerItem[]> =>
  (await shop.ledgerItems()).filter(({ SK, kind }) => SK === 'RUN' && kind === 'sync');

const statusOf = ({ status, isStarted }: LedgerItem): string =>
  status === 'SYNCING' && isStarted !== true ? 'STARTING' : String(status);

const openSync = async (): Promise<LedgerItem | undefined> =>
  (await syncs()).find((run) => !['SWITCHED', 'CANCELLED'].includes(statusOf(run)));

const syncOf = async (runId: string): Promise<LedgerItem> => {
  const run = await shop.ledgerRun(runId);
  if (run === undefined) throw new Error(`There is no sync ${runId}.`);
  return run;
};

const hasLock = async (): Promise<boolean> =>
  (await shop.ledgerItems()).some(({ PK }) => PK === 'LOCK#products');

const mappingIds = async (): Promise<readonly string[]> => {
  const { EventSourceMappings = [] } = await shop.lambda.send(
    new ListEventSourceMappingsCommand({ FunctionName: SYNC_FUNCTION }),
  );
  return EventSourceMappings.filter(({ State }) => State !== 'Deleting').map(({ UUID = '' }) => UUID);
};

/** The input that starts a sync, also into tables that an earlier test has switched to. */
async function startInput(): Promise<object> {
  const switched = (await shop.ledgerItems()).find(({ SK }) => SK === 'SWITCHED');
  return switched === undefined ? {} : { confirm: switched['syncId'] };
}

/** Sees to it that a sync follows the source. @returns its id */
async function follow(): Promise<string> {
  const open = await openSync();
  if (open !== undefined) return String(open['runId']);
  const { status, error, cause, name } = await shop.run('sync', await startInput());
  expect({ status, error, cause }).toMatchObject({ status: 'SUCCEEDED' });
  return name ?? '';
}

async function begin(input: unknown): Promise<string> {
  const { executionArn = '' } = await shop.sfn.send(
    new StartExecutionCommand({
      stateMachineArn: shop.aws.stateMachines['sync'],
      input: JSON.stringify(input),
    }),
  );
  return executionArn;
}

const nameOf = (arn: string): string => arn.split(':').at(-1) ?? '';

/** Starts an execution and stops it as soon as it has entered a state. Its function works on, as on AWS. */
async function stopIn(state: string, input: unknown): Promise<string> {
  const executionArn = await begin(input);
  await eventually(async () => {
    const { events = [] } = await shop.sfn.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 1_000 }),
    );
    const isThere = events.some(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name === state);
    const hasEnded = events.some(({ type = '' }) => /^Execution(Succeeded|Failed)$/.test(type));
    return isThere || hasEnded ? true : undefined;
  });
  await shop.sfn.send(new StopExecutionCommand({ executionArn }));
  await shop.endOf(executionArn);
  return executionArn;
}

/** By the schedule alone: until no sync is half-way any more. */
async function recovered(): Promise<void> {
  await eventually(async () => {
    await shop.aws.tickSchedule();
    const open = await openSync();
    return open === undefined || statusOf(open) === 'SYNCING' ? true : undefined;
  });
}

/** The only ends that a sync may have. @returns which of them it is */
async function assertEnd(runId: string): Promise<string> {
  const end = statusOf(await syncOf(runId));
  expect(['SYNCING', 'SWITCHED', 'CANCELLED']).toContain(end);
  const isFollowing = end === 'SYNCING';
  expect([end, await hasLock()]).toEqual([end, isFollowing]);
  const mappings = await eventually(async () => {
    const found = await mappingIds();
    return found.length === (isFollowing ? 1 : 0) ? found : undefined;
  });
  if (isFollowing) await assertFollowed(mappings[0] ?? '', runId);
  return end;
}

let changes = 0;

async function assertFollowed(mappingId: string, runId: string): Promise<void> {
  expect((await syncOf(runId))['stream']).toMatchObject({ mappingId });
  await change();
  await eventually(async () => ((await targetDifferences(shop, migrated)).length === 0 ? true : undefined));
}

async function change(): Promise<void> {
  changes += 1;
  await shop.dynamo.put('products', {
    id: { S: `changed-${changes % 3}` },
    name: { S: 'Changed' },
    price: { S: String(changes) },
  });
}

async function cancelled(): Promise<void> {
  if ((await openSync()) === undefined) return;
  expect((await shop.run('sync', { action: 'cancel' })).status).toBe('SUCCEEDED');
}

describe('a start that is stopped', () => {
  const states = [
    'BeginSync',
    'StartMapping',
    'WaitForMapping',
    'CompareSource',
    'CompareTarget',
    'JudgeCompare',
    'FinishSync',
  ];

  it.each(states)('in %s is cancelled by the schedule, or had come to its end', async (state) => {
    await cancelled();
    const runId = nameOf(await stopIn(state, await startInput()));
    // Its function may begin the sync only after the schedule has looked.
    await eventually(async () => {
      await recovered();
      return (await syncs()).map(statusOf).includes('STARTING') ? undefined : true;
    });
    const hasBegun = (await shop.ledgerRun(runId)) !== undefined;
    expect(['SYNCING', 'SWITCHED', 'CANCELLED', 'never begun']).toContain(
      hasBegun ? await assertEnd(runId) : 'never begun',
    );
  });

  it.each(['StartMapping', 'CompareSource', 'FinishSync'])(
    'in %s lets a second start go on at once, which ends in step',
    async (state) => {
      await cancelled();
      shop.aws.events.hold();
      const runId = nameOf(await stopIn(state, await startInput()));
      const second = await shop.run('sync', await startInput());
      expect([undefined, 'LockHeldError']).toContain(second.error);
      // The last call of the stopped one may be faster, and then another start is needed.
      if (statusOf(await syncOf(runId)) === 'STARTING') await shop.run('sync', await startInput());
      shop.aws.events.drop();
      expect(await assertEnd(runId)).toBe('SYNCING');
    },
  );
});

describe('a compare that is stopped', () => {
  it.each(['BeginSync', 'CompareSource', 'CompareTarget', 'JudgeCompare', 'FinishSync'])(
    'in %s leaves the sync following',
    async (state) => {
      const runId = await follow();
      await stopIn(state, { action: 'compare' });
      await recovered();
      expect(await assertEnd(runId)).toBe('SYNCING');
    },
  );
});

describe('a cut over that is stopped', () => {
  const states = [
    'BeginSync',
    'SettlePending',
    'Drain',
    'WaitForQuiet',
    'BeginSwitching',
    'WaitForWriters',
    'CompareSource',
    'CompareTarget',
    'JudgeCompare',
    'Switch',
    'WaitForLateRecords',
    'DeleteMapping',
    'FinishSync',
  ];

  it.each(states)('in %s goes back to following, or has switched', async (state) => {
    const runId = await follow();
    await stopIn(state, FROZEN);
    await recovered();
    // The schedule leaves a mapping alone for a quarter of an hour after a switch. A second execution does not.
    if (statusOf(await syncOf(runId)) === 'SWITCHED') await shop.run('sync', { ...FROZEN, runId });
    await assertEnd(runId);
  });

  it.each(['Drain', 'WaitForWriters', 'JudgeCompare', 'Switch'])(
    'in %s is brought to its end by a second one',
    async (state) => {
      const runId = await follow();
      shop.aws.events.hold();
      await stopIn(state, FROZEN);
      // The last call of the stopped one may be faster, and then the second one is told to start again.
      const second = await shop.run('sync', { ...FROZEN, runId });
      expect([undefined, 'LockHeldError']).toContain(second.error);
      const { status, error } = await shop.run('sync', { ...FROZEN, runId });
      expect({ status, error }).toMatchObject({ status: 'SUCCEEDED' });
      shop.aws.events.drop();
      expect(await assertEnd(runId)).toBe('SWITCHED');
      expect(await targetDifferences(shop, migrated)).toEqual([]);
    },
  );
});

describe('a cancellation that is stopped', () => {
  it.each(['BeginSync', 'CancelSync', 'WaitForCancellation', 'FinishSync'])(
    'in %s leaves the sync following, or is brought to its end by the schedule',
    async (state) => {
      const runId = await follow();
      await stopIn(state, { action: 'cancel' });
      await recovered();
      await assertEnd(runId);
    },
  );
});

describe('functions that are ended during a call', () => {
  const KILLED = ['controlSync', 'compareAll'] as const;
  const start = async (): Promise<void> => done(await startInput());
  const cutOver = (): Promise<void> => done(FROZEN);
  const cancel = (): Promise<void> => done({ action: 'cancel' });
  type Work = typeof start;
  const usual = new Map<Work, ReadonlyMap<string, number>>();

  async function done(input: unknown): Promise<void> {
    const { status, error, cause } = await shop.run('sync', input);
    expect({ status, error, cause }).toMatchObject({ status: 'SUCCEEDED' });
  }

  /** Does it while both functions are ended once, after this share of the requests that they send for it. */
  async function killed(work: Work, share: number): Promise<void> {
    for (const key of KILLED) {
      const count = usual.get(work)?.get(key) ?? 0;
      const nth = Math.max(1, Math.round(count * share));
      if (count > 0) shop.aws.faults.killAt({ functionName: functionName(key), nth, when: 'after' });
    }
    await work();
    shop.aws.faults.clear();
  }

  beforeAll(async () => {
    shop.aws.faults.clear();
    await cancelled();
    for (const work of [start, cutOver, start, cancel]) {
      const before = requestCounts(shop.aws.requestLog.entries);
      await work();
      const after = requestCounts(shop.aws.requestLog.entries);
      usual.set(work, new Map(KILLED.map((key) => [key, (after.get(key) ?? 0) - (before.get(key) ?? 0)])));
    }
  });

  it.each([
    ['first', 0],
    ['middle', 0.5],
    ['last', 1],
  ])('at their %s request, leave every step as it would have been', async (_, share) => {
    await killed(start, share);
    const [switched] = (await syncs()).filter((run) => statusOf(run) === 'SYNCING');
    await killed(cutOver, share);
    expect(await assertEnd(String(switched?.['runId']))).toBe('SWITCHED');
    expect(await targetDifferences(shop, migrated)).toEqual([]);
    const runId = await follow();
    await killed(cancel, share);
    expect(await assertEnd(runId)).toBe('CANCELLED');
  });

  it('leave a followed shop in step', async () => {
    const runId = await follow();
    for (const nth of [1, 15, 30])
      shop.aws.faults.killAt({ functionName: functionName('syncProducts'), nth, when: 'after' });
    await sell(shop.dynamo, { changes: 12, perSecond: 40, products: 6, seed: 3 });
    expect(await assertEnd(runId)).toBe('SYNCING');
    shop.aws.faults.clear();
  });
});

describe('all of that', () => {
  it('has never written to the source', () => {
    const writes = shop.aws.requestLog.entries.filter(
      ({ functionName: name, tables, operation }) =>
        name !== undefined &&
        tables.includes('products') &&
        !/^(Get|BatchGet|Scan|Query|Describe|List)/.test(operation),
    );
    expect(writes.map(({ operation }) => operation)).toEqual([]);
  });
});
