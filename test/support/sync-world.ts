import { CreateTableCommand, DescribeTableCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { controlSync } from '../../functions/control-sync/control-sync.ts';
import type {
  BegunSync,
  ControlSyncPayload,
  FailedSync,
  SwitchAnswer,
  SyncTurn,
} from '../../functions/control-sync/payloads.ts';
import type { SyncRuntime } from '../../functions/control-sync/sync-runtime.ts';
import type { FailureQueue } from '../../functions/shared/aws/failure-queue.ts';
import type { EventSourceMappings } from '../../functions/shared/aws/event-source-mapping.ts';
import type { Compared } from '../../functions/shared/ledger/sync-facts.ts';
import { readRun, type Run } from '../../functions/shared/ledger/run.ts';
import { runKey } from '../../functions/shared/ledger/ledger-table.ts';
import { updateIf } from '../../functions/shared/ledger/store.ts';
import { announceTable, recordTable } from '../../functions/shared/ledger/table-record.ts';
import { transition } from '../../functions/shared/ledger/transition.ts';
import type { SyncReport } from '../../functions/shared/runs/sync-report.ts';
import { fakeFailureQueue } from './fake-failure-queue.ts';
import { type FakeMapping, fakeMappings } from './fake-mappings.ts';
import { createLedgerWorld, type LedgerWorld } from './ledger-world.ts';
import { begunRun, executionArn, sampleExecution } from './sample-run.ts';

/** A source with a stream, a target that run `m` has filled, and the steps of the machine `sync` to call. */
export interface SyncWorld extends LedgerWorld {
  readonly mappings: EventSourceMappings & { readonly found: FakeMapping[] };
  readonly failureQueue: FailureQueue & { batches: number };
  readonly runtime: () => SyncRuntime;
  /** BeginSync, by an execution that runs from now on. */
  begin(execution: string, input?: unknown): Promise<BegunSync>;
  /** Another step of an execution. */
  step<Answer = SyncTurn>(action: Step, execution: string, runId?: string): Promise<Answer>;
  /** BeginSync and the check of a cut over that changes nothing. @param typed more of its input */
  check(execution: string, typed?: object): Promise<SyncReport>;
  /** @param since epoch milliseconds: when the execution began */
  drain(execution: string, since: number): Promise<SyncTurn>;
  switch(execution: string): Promise<SwitchAnswer>;
  fail(execution: string, error?: string): Promise<FailedSync>;
  finish(execution: string): Promise<SyncReport>;
  end(execution: string, status?: string): void;
  sync(): Promise<Run>;
  /** Deploys the functions for another source. */
  deployFor(name: string): void;
  /** Notes a compare of this execution, as the judge of a compare does. */
  compare(execution: string, facts?: Partial<Compared>): Promise<void>;
  /** A sync `s` that has come to the end of its start, by an execution of that name. */
  open(): Promise<Run>;
  /** Empties everything and sets it up again. */
  again(): Promise<void>;
}

type Step = Exclude<Extract<ControlSyncPayload, { run: unknown }>['action'], 'drain' | 'check'>;

export async function createSyncWorld(): Promise<SyncWorld> {
  const ledgerWorld = await createLedgerWorld();
  let mappings = fakeMappings();
  const failureQueue = fakeFailureQueue();
  let sourceTable: string | undefined;
  const runtime = (): SyncRuntime => {
    const { observer } = ledgerWorld;
    const config = { ...observer.config, ...(sourceTable !== undefined && { sourceTable }) };
    return { ...observer, config, mappings, failureQueue };
  };
  const call = (payload: ControlSyncPayload): Promise<unknown> => controlSync(runtime(), payload);
  const world = {
    ...ledgerWorld,
    get observer() {
      return ledgerWorld.observer;
    },
    get mappings() {
      return mappings;
    },
    failureQueue,
    runtime,
    begin(execution: string, input: unknown = {}) {
      world.stepFunctions.executions.set(executionArn(execution, 'sync'), 'RUNNING');
      return call({
        action: 'begin',
        input,
        execution: sampleExecution(execution, 'sync'),
      }) as Promise<BegunSync>;
    },
    step<Answer>(action: Step, execution: string, runId = 's') {
      const run = { runId, executionArn: executionArn(execution, 'sync') };
      return call({ action, run }) as Promise<Answer>;
    },
    async check(execution: string, typed: object = {}) {
      const { runId, maxQuarantined } = await world.begin(execution, {
        action: 'cutover',
        dryRun: true,
        ...typed,
      });
      const run = { runId, executionArn: executionArn(execution, 'sync') };
      return call({ action: 'check', run, maxQuarantined }) as Promise<SyncReport>;
    },
    drain(execution: string, since: number) {
      const run = { runId: 's', executionArn: executionArn(execution, 'sync') };
      return call({ action: 'drain', run, since: new Date(since).toISOString() }) as Promise<SyncTurn>;
    },
    switch: (execution: string) => world.step<SwitchAnswer>('switch', execution),
    fail(execution: string, Error = 'SomethingError') {
      const payload = { action: 'fail', execution: sampleExecution(execution, 'sync') } as const;
      return call({ ...payload, failure: { Error, Cause: 'It broke.' } }) as Promise<FailedSync>;
    },
    finish: (execution: string) => world.step<SyncReport>('finish', execution),
    end: (execution: string, status = 'SUCCEEDED') =>
      void world.stepFunctions.executions.set(executionArn(execution, 'sync'), status),
    sync: () => readRun(world.observer.ledger, 's'),
    deployFor: (name: string) => void (sourceTable = name),
    async compare(execution: string, facts: Partial<Compared> = {}) {
      const now = world.clock.now();
      const { transformVersion } = world.observer.config;
      const compared = {
        ...EMPTY_COMPARE,
        transformVersion,
        executionArn: executionArn(execution, 'sync'),
        startedAt: now,
      };
      await updateIf(world.observer.ledger, runKey('s'), {
        set: { compared: { ...compared, finishedAt: now, ...facts } },
      });
    },
    async open() {
      await world.begin('s');
      await world.step('startMapping', 's');
      await world.compare('s');
      await world.finish('s');
      world.end('s');
      return world.sync();
    },
    async again() {
      await ledgerWorld.reset();
      sourceTable = undefined;
      mappings = fakeMappings();
      failureQueue.batches = 0;
      await createSource(world);
      await migrate(world);
    },
  };
  await createSource(world);
  await migrate(world);
  return world;
}

const EMPTY_COMPARE = {
  repairs: false,
  sourceItems: 0,
  targetItems: 0,
  repaired: 0,
  differing: 0,
  conflicts: 0,
  quarantined: 0,
  expired: 0,
} as const;

async function createSource({ observer }: LedgerWorld): Promise<void> {
  await observer.clients.dynamo.send(
    new CreateTableCommand({
      TableName: 'products',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
    }),
  );
}

export async function streamOf({ observer }: LedgerWorld): Promise<string> {
  const { Table } = await observer.clients.dynamo.send(new DescribeTableCommand({ TableName: 'products' }));
  return Table?.LatestStreamArn ?? '';
}

/** The stream goes at once on this engine. */
export async function switchStreamOff({ observer }: LedgerWorld): Promise<void> {
  const StreamSpecification = { StreamEnabled: false };
  await observer.clients.dynamo.send(new UpdateTableCommand({ TableName: 'products', StreamSpecification }));
}

/** Run `m`, which succeeded and made products-enhanced. */
async function migrate(world: LedgerWorld): Promise<void> {
  const { observer } = world;
  const { ledger, clients } = observer;
  const run = await begunRun(world, 'm');
  const keyed = ['PK', 'SK'] as const;
  await clients.dynamo.send(
    new CreateTableCommand({
      TableName: 'products-enhanced',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keyed.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: keyed.map((AttributeName, index) => ({
        AttributeName,
        KeyType: index === 0 ? 'HASH' : 'RANGE',
      })),
    }),
  );
  const { Table } = await clients.dynamo.send(new DescribeTableCommand({ TableName: 'products-enhanced' }));
  const name = 'products-enhanced';
  const { executionArn: arn } = run;
  await announceTable(ledger, {
    runId: 'm',
    executionArn: arn,
    name,
    now: world.clock.now(),
    outcome: 'INTENT',
  });
  await recordTable(ledger, 'm', {
    name,
    outcome: 'CREATED',
    ...(Table?.TableId && { tableId: Table.TableId }),
  });
  const finishedAt = new Date(world.clock.now()).toISOString();
  await transition(ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: 'test', facts: { finishedAt } });
}
