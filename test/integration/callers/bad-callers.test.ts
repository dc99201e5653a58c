import { InvokeCommand } from '@aws-sdk/client-lambda';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as errors from '../../../functions/shared/errors.ts';
import type { LoggedRequest } from '../../../workflow/local/gateway/request-log.ts';
import { awkwardProducts } from '../../support/awkward-products.ts';
import { badPayloads } from '../../support/bad-payloads.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { execution, plan, shapes } from '../../support/payload-shapes.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await openShop();
  await shop.dynamo.fillProducts(awkwardProducts(8));
  // Something to damage: a sealed backup, a finished run and its tables.
  await shop.migrate();
});
afterAll(() => shop.stop());
beforeEach(() => shop.aws.requestLog.clear());

/** A new class needs its name here to be looked up; built from the module itself. */
const errorNames = new Set(
  Object.entries(errors).flatMap(([name, value]) =>
    name.endsWith('Error') && typeof value === 'function' && name !== 'MigrationError' ? [name] : [],
  ),
);

const reading = /^(Get|BatchGet|Query|Scan|Describe|List|Head)/;

/** Requests of functions that change something. */
const writes = (entries: readonly LoggedRequest[]): readonly string[] =>
  entries
    .filter(({ functionName, operation }) => functionName !== undefined && !reading.test(operation))
    .map(
      ({ functionName, operation, tables, key }) =>
        `${functionName}: ${operation} ${tables.join()} ${key ?? ''}`,
    );

interface LambdaFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** An operator's order that rollBack refuses is an answer, so that the console shows its sentence. */
interface RefusedOrder {
  readonly end?: string;
  readonly error: string;
  readonly cause: string;
}

/** The refusal; `undefined` where the function did as it was told. */
async function refusalOf(functionKey: string, payload: unknown): Promise<LambdaFailure | undefined> {
  const answer = await shop.lambda.send(
    new InvokeCommand({ FunctionName: shop.aws.functions[functionKey], Payload: JSON.stringify(payload) }),
  );
  const body: unknown = JSON.parse(Buffer.from(answer.Payload ?? []).toString() || 'null');
  if (answer.FunctionError !== undefined) return body as LambdaFailure;
  const order = body as RefusedOrder | null;
  return order?.end === 'REFUSED' ? { errorType: order.error, errorMessage: order.cause } : undefined;
}

function expectSentence({ errorType, errorMessage, trace = [] }: LambdaFailure): void {
  expect(errorNames).toContain(errorType);
  expect(Buffer.byteLength(errorMessage)).toBeLessThanOrEqual(1_024);
  expect(errorMessage).toMatch(/[A-Z].*\w+ \w+/s);
  expect([errorMessage, ...trace].join('\n')).not.toMatch(/^\s+at /m);
}

describe('a bad caller of a function', () => {
  it('is one of every function that is deployed, but for the one that takes events as hints', () => {
    expect([...Object.keys(shapes), 'recoverRun'].toSorted()).toEqual(
      Object.keys(shop.aws.functions).toSorted(),
    );
  });

  it.each(Object.keys(shapes))('of %s is refused with a sentence, and nothing is created', async (key) => {
    const payloads = fc.oneof(...(shapes[key] ?? []).map(badPayloads));
    await fc.assert(
      fc.asyncProperty(payloads, async (payload) => {
        const refusal = await refusalOf(key, payload);
        expect(refusal, 'it was not refused').toBeDefined();
        if (refusal !== undefined) expectSentence(refusal);
      }),
      { numRuns: 60 },
    );
    expect(writes(shop.aws.requestLog.entries)).toEqual([]);
  });

  // These name neither a run nor a backup.
  const nameless = ['testConnection', 'beginRun', 'syncProducts'];

  it.each(Object.keys(shapes).filter((key) => !nameless.includes(key)))(
    'of %s who names a run or a backup that does not exist gets a sentence',
    async (key) => {
      for (const { payload } of shapes[key] ?? []) {
        const refusal = await refusalOf(key, payload);
        expect(refusal?.errorType).toMatch(/^(RunNotFoundError|BackupNotFoundError)$/);
        if (refusal !== undefined) expectSentence(refusal);
      }
      expect(writes(shop.aws.requestLog.entries)).toEqual([]);
    },
  );

  it('sends a list nested a hundred thousand deep, and is refused like any other', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const Payload of [deep, `{"input": ${deep}}`]) {
      const FunctionName = shop.aws.functions['testConnection'];
      const answer = await shop.lambda.send(new InvokeCommand({ FunctionName, Payload }));
      const refusal = JSON.parse(Buffer.from(answer.Payload ?? []).toString()) as LambdaFailure;
      expect(refusal.errorType).toBe('InvalidInputError');
      expectSentence(refusal);
    }
  });

  it('may send recoverRun any event: it is a hint, and nothing in it is used', async () => {
    const events = [{ detail: { executionArn: '../x' } }, { source: 'aws.states', 'detail-type': 'x' }];
    for (const event of events) expect(await refusalOf('recoverRun', event)).toBeUndefined();
    for (const event of [[], 'abc', 7, { source: 7 }])
      expectSentence((await refusalOf('recoverRun', event)) ?? { errorType: 'none', errorMessage: '' });
    expect(writes(shop.aws.requestLog.entries)).toEqual([]);
  });

  it('cannot restore past the first step’s checks into a table that is not for restores', async () => {
    const order = { backupId: '00000000000001-00000000' };
    for (const targetTable of ['products', 'orders', shop.aws.ledgerTable, '../x']) {
      const state = {
        machine: 'restore',
        input: {},
        execution,
        tested: { plan, order: { ...order, targetTable } },
      };
      const refusal = await refusalOf('restoreFromBackup', { action: 'begin', state });
      expect(refusal?.errorType).toMatch(/^(RestoreTargetError|InvalidInputError)$/);
    }
    expect(writes(shop.aws.requestLog.entries)).toEqual([]);
  });
});

const badInputs: Readonly<Record<string, readonly unknown[]>> = {
  migrate: [
    'abc',
    [],
    null,
    { dryrun: true },
    { maxConcurrency: 1e9 },
    { resume: '../../x' },
    { resume: 'no-such-run' },
    { note: 'x'.repeat(501) },
    { Comment: 'x'.repeat(200_000) },
    JSON.parse('{"__proto__": {"dryRun": true}}'),
    { constructor: 1 },
    { onFailure: ['rollback'] },
  ],
  restore: [
    7,
    [[]],
    { backupId: '../00000000000001-00000000' },
    { backupId: '00000000000001-00000000' },
    { targetTable: 'orders' },
    { targetTable: 'products' },
    { targetTable: 'products-migration-local-ledger' },
    { targetTable: 'products-restored-../x' },
    JSON.parse('{"__proto__": {"confirm": "products"}}'),
    { note: '🧵'.repeat(40_000) },
  ],
  rollback: [
    'abc',
    {},
    { runId: '' },
    { runId: '../x' },
    { runId: 'x'.repeat(81) },
    { runId: 'no-such-run' },
    { runId: ['first'] },
    { runId: 'no-such-run', confirm: '../x' },
    JSON.parse('{"__proto__": {}, "runId": "x"}'),
    { runId: 'x', tables: ['orders'] },
  ],
  sync: [
    'abc',
    [],
    { action: 'Start' },
    { action: 'cutover' },
    { action: 'cancel', runId: '../x' },
    { runId: 'no-such-run' },
    { runId: 'x'.repeat(81) },
    { action: ['start'] },
    { frozen: 'yes' },
    JSON.parse('{"__proto__": {"action": "cancel"}}'),
  ],
};

describe('a bad input of a state machine', () => {
  it.each(Object.keys(badInputs))('%s fails with a sentence, and nothing is created', async (machine) => {
    for (const input of badInputs[machine] ?? []) {
      const { status, error = '', cause = '' } = await shop.run(machine, input);
      expect({
        input: JSON.stringify(input).slice(0, 80),
        status,
        known: errorNames.has(error),
        error,
      }).toMatchObject({
        status: 'FAILED',
        known: true,
      });
      expect(Buffer.byteLength(cause)).toBeLessThanOrEqual(4_096);
      expect(cause).not.toMatch(/\n\s+at /);
    }
    expect(writes(shop.aws.requestLog.entries)).toEqual([]);
  });

  it('may bring a name that Step Functions takes and a run’s id cannot have', async () => {
    const { status, error, cause } = await shop.run('migrate', {}, 'my.run');
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'ExecutionNameError' });
    expect(cause).toContain('again under another name');
    expect(writes(shop.aws.requestLog.entries)).toEqual([]);
  });

  it.each(['../x', 'a b', 'a/b', 'x'.repeat(81), 'a*b'])(
    'is not even started under the name %s',
    async (name) => {
      const stateMachineArn = shop.aws.stateMachines['migrate'];
      await expect(
        shop.sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: '{}' })),
      ).rejects.toMatchObject({ name: 'InvalidName' });
    },
  );
});
