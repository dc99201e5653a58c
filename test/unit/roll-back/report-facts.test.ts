import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { claimShard } from '../../../functions/shared/copy/shard-claim.ts';
import { beginRun } from '../../../functions/shared/ledger/begin.ts';
import { throttleRun, unpauseRun } from '../../../functions/shared/ledger/control.ts';
import { recordFailure } from '../../../functions/shared/ledger/failure.ts';
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { warnRun } from '../../../functions/shared/ledger/run-update.ts';
import { announceTable } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import type { RollBackInput, RollBackTurn } from '../../../functions/shared/state.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { longTurn } from '../files/backup-bench.ts';
import { ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import {
  awsError,
  changeSource,
  executionOf,
  failedInput,
  holding,
  type MigrateBench,
  migrateBench,
  noted,
  replacing,
  requestedInput,
  sizedProducts,
  startTime,
  targetKey,
  targetName,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

/** Turns of the roll back until it is done, as the machine takes them. */
async function rolledBack(
  input: RollBackInput,
  runtime: Runtime = bench.runtime,
): Promise<RollBackTurn & { readonly report: Report }> {
  let turn = await rollBack(runtime, input, longTurn());
  while (!turn.done) turn = await rollBack(runtime, input, longTurn());
  return turn as RollBackTurn & { readonly report: Report };
}

const failed = (name?: string, runtime?: Runtime) => rolledBack(failedInput(name), runtime);
const requested = (more: object) => rolledBack(requestedInput(more));

describe('the report of a roll back', () => {
  it('does not call a table untouched where items of the run stay in it, and names them', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    await bench.put(noted((await bench.target()).get(targetKey('METADATA')) ?? {}));
    const { cause, report } = await failed();
    expect(report).toMatchObject({
      status: 'ROLLED_BACK',
      migrated: { items: 1, products: 0 },
      rolledBack: { from: 'RUNNING', deleted: 14, kept: 1, keptKeys: ['PRODUCT#p-1 / METADATA'] },
    });
    expect(cause).toContain('1 item with the mark of this run stays in it (PRODUCT#p-1 / METADATA)');
    expect(cause).not.toContain('untouched');
  });

  it('stays far below the 256 KB of an output, however much was noted of the run, and says what it leaves out', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    const { ledger } = bench.runtime;
    const by = `arn:aws:sts::123456789012:assumed-role/${'r'.repeat(64)}/${'s'.repeat(64)}`;
    const at = startTime;
    const controls = Array.from({ length: 1_000 }, () => ({ action: 'pause', at, by }) as const);
    await updateIf(ledger, runKey('run-1'), { append: { controls } });
    await unpauseRun(ledger, 'run-1', { at, by });
    await throttleRun(ledger, 'run-1', { asked: { at, by }, caps: { readUnitsPerSecond: 7 } });
    const sentences = Array.from({ length: 200 }, (_, n) => `Warning ${n}: ${'w'.repeat(1_000)}`);
    await warnRun(ledger, await readRun(ledger, 'run-1'), sentences);

    const { report } = await failed();
    expect(report.status).toBe('ROLLED_BACK');
    expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThan(128 * 1_024);
    expect(report.controls).toHaveLength(100);
    expect(report.controlsLeftOut).toBe(901);
    expect(report.warnings?.at(-1)).toBe(
      'Warnings were left out 152 times, because a run keeps 48 KB of them.',
    );
  });

  it.each([
    [
      'warns that a change may be lost where a worker that replaces has died, and none took its place',
      'replace',
      1,
    ],
    ['does not warn of a worker that has died and deletes nothing', 'keep', 0],
  ] as const)('%s', async (_, onExisting, count) => {
    const parameters = { ...replacing.parameters, onExisting };
    bench = await migrateBench({ products: sizedProducts(1), existing: [], run: { parameters } });
    const place = { runId: 'run-1', state: 'MigrateProducts', shard: 0, basis: undefined } as const;
    await claimShard(bench.runtime, place, undefined);
    const { report } = await failed();
    expect(report.status).toBe('ROLLED_BACK');
    const warnings = (report.warnings ?? []).filter((warning) => warning.includes('the change may be lost'));
    expect(warnings).toHaveLength(count);
  });

  it('says that nothing of the run is left where that is so', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    const { cause, report } = await failed();
    expect(report).toMatchObject({ migrated: { items: 0 }, rolledBack: { deleted: 15, kept: 0 } });
    expect(cause).toContain(
      `as it was before: 15 items of this run deleted again, 0 put back: ${targetName}`,
    );
  });

  it('still says so after another roll back, which was only needed for another table', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    const { executionArn } = bench.run;
    await ensureTable(bench.runtime, { spec: cartTable, runId: 'run-1', executionArn });
    await bench.migrate();
    expect((await failed('run-1', withoutDeleteTable())).end).toBe('ROLLBACK_FAILED');
    const { cause, report } = await requested({});
    expect(report).toMatchObject({ status: 'ROLLED_BACK', rolledBack: { deleted: 15, restored: 0 } });
    expect(cause).toContain(
      `as it was before: 15 items of this run deleted again, 0 put back: ${targetName}`,
    );
  });

  it('calls a table untouched that the run never wrote to', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    expect((await failed()).cause).toContain(`untouched, because it existed before: ${targetName}`);
  });

  it('says that nobody has counted what is in a table that it has not looked through', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    const runtime = bench.withItems({ deleteIf: () => Promise.reject(denied()) });
    const { cause, report } = await failed('run-1', runtime);
    expect(report).toMatchObject({
      status: 'ROLLBACK_FAILED',
      tables: [{ name: targetName, outcome: 'EXISTED', uncounted: true }],
      warnings: [
        expect.stringContaining(`Nobody has counted the items of this run that are in table ${targetName}`),
      ],
    });
    expect(cause).toContain('items of this run may still be in it');
  });

  it('says that nobody has counted what is in a table that it has kept', async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    await bench.migrate();
    await bench.put(noted((await bench.target()).get(targetKey('METADATA')) ?? {}));
    expect((await failed()).report).toMatchObject({
      migrated: { items: 15 },
      tables: [{ name: targetName, outcome: 'KEPT', uncounted: true }],
    });
  });

  it('counts the units of the look into a table that is deleted', async () => {
    bench = await migrateBench({ products: sizedProducts(18) });
    await bench.migrate();
    const { report } = await failed();
    expect(report.tables).toMatchObject([{ name: targetName, outcome: 'DELETED' }]);
    // 90 items of some 300 bytes.
    expect(report.consumed.readUnits).toBeGreaterThanOrEqual(4);
  });

  it('counts no items in a table that is gone', async () => {
    bench = await migrateBench({ products: sizedProducts(18) });
    await bench.migrate();
    await bench.runtime.clients.dynamo.send(new DeleteTableCommand({ TableName: targetName }));
    const { report } = await failed();
    expect(report).toMatchObject({
      migrated: { items: 0 },
      tables: [{ name: targetName, outcome: 'DELETED', remark: 'somebody had already deleted it' }],
    });
  });

  it('counts no items of a roll back that failed in a table that is gone', async () => {
    bench = await migrateBench({ products: sizedProducts(18) });
    await bench.migrate();
    await end(await readRun(bench.runtime.ledger, 'run-1'), 'ROLLBACK_FAILED');
    await bench.runtime.clients.dynamo.send(new DeleteTableCommand({ TableName: targetName }));
    const { report } = await failed();
    expect(report).toMatchObject({
      status: 'ROLLBACK_FAILED',
      migrated: { items: 0 },
      tables: [{ name: targetName, outcome: 'DELETED' }],
    });
  });

  it('says of a run that succeeded that it was rolled back on request, whatever its workers met', async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    await bench.migrate();
    const { ledger } = bench.runtime;
    const run = await readRun(ledger, 'run-1');
    await recordFailure(ledger, 'run-1', {
      executionArn: run.executionArn,
      error: 'ThrottlingException',
      cause: 'It was slow for a while.',
      state: 'MigrateProducts',
      at: startTime,
    });
    await setFailure('VerificationFailedError');
    await transition(ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: 'end' });
    const { cause, report } = await requested({ confirm: 'run-1' });
    expect(report.failure).toBeNull();
    expect(report.rolledBack).toMatchObject({ from: 'SUCCEEDED', onRequest: true });
    expect(report.attempts).toMatchObject([{ status: 'SUCCEEDED' }, { status: 'ROLLED_BACK' }]);
    expect(report.nextStep).toContain('To migrate again:\nnpm run migrate');
    expect(cause).toMatch(/^The run was rolled back on request\. /);
  });

  it('tells what failed now, not what the run was held for before it was resumed', async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    await setFailure('TooManyQuarantinedError');
    const { report } = await failed();
    expect(report.failure).toMatchObject({ error: 'ItemRefusedError', cause: 'An item was refused.' });
  });
});

const denied = (): Error =>
  Object.assign(awsError('AccessDeniedException', 'Not authorized.'), { $metadata: { httpStatusCode: 400 } });

/** A runtime that may delete no table. */
function withoutDeleteTable(): Runtime {
  const { clients } = bench.runtime;
  const dynamo = Object.assign(Object.create(clients.dynamo) as typeof clients.dynamo, {
    send: async (command: object): Promise<unknown> => {
      if (command instanceof DeleteTableCommand) throw denied();
      return clients.dynamo.send(command as never);
    },
  });
  return { ...bench.runtime, clients: { ...clients, dynamo } };
}

async function setFailure(error: string): Promise<void> {
  const failure = { error, cause: 'Something else, earlier.' };
  await updateIf(bench.runtime.ledger, runKey('run-1'), { set: { failure } });
}

async function end(run: Run, to: 'ROLLBACK_FAILED'): Promise<void> {
  const { ledger } = bench.runtime;
  const marked = await transition(ledger, {
    run,
    to: 'ROLLING_BACK',
    lock: 'keep',
    writer: 'mark',
    facts: { rolledBackFrom: 'RUNNING' },
  });
  if (marked !== undefined) await transition(ledger, { run: marked, to, lock: 'release', writer: 'end' });
}

describe('the report of a held run', () => {
  it('names a table that is there though its creation was never confirmed', async () => {
    bench = await migrateBench({ products: sizedProducts(3), run: holding });
    const { ledger } = bench.runtime;
    const intent = { runId: 'run-1', executionArn: 'arn:run-1', now: Date.now(), outcome: 'INTENT' } as const;
    await announceTable(ledger, { ...intent, name: 'cart' });
    await announceTable(ledger, { ...intent, name: 'orders' });
    await bench.createTable(
      createTableInput(cartTable, { name: 'cart', tags: { 'migration:run': 'run-1' } }),
    );
    const { end: ended, report, cause } = await failed();
    expect(ended).toBe('HELD');
    expect(report.tables).toEqual([
      { name: 'cart', outcome: 'CREATED', remark: 'the run died before it could record the creation' },
      { name: targetName, outcome: 'CREATED', access: 'CLOSED' },
    ]);
    expect(cause).toContain('left in place: cart');
    expect(cause).not.toContain('orders');
  });

  it('says how many items of the run are in an existing table', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [], run: holding });
    await bench.migrate();
    const { cause, report } = await failed();
    expect(report.migrated).toMatchObject({ items: 15, products: 3 });
    expect(cause).toContain(`there before, with at least 15 items of this run: ${targetName}`);
  });
});

describe('an execution that has no run to roll back', () => {
  it('is refused when it never began one', async () => {
    bench = await migrateBench({ products: sizedProducts(1) });
    expect(await failed('never')).toEqual({
      done: true,
      waitSeconds: 0,
      end: 'REFUSED',
      error: 'ItemRefusedError',
      cause:
        'An item was refused.\nFix the reported cause, then start again:\nnpm run migrate -- --stage test\nIn the console, start migrate with {}',
      report: null,
    });
  });

  it('changes nothing, and advises nothing, when another execution works on the run by now', async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    await bench.migrate();
    const resumed = await bench.resume(bench.run);
    const turn = await failed();
    expect(turn).toMatchObject({ end: 'REFUSED', error: 'ItemRefusedError', report: null });
    expect(turn.cause).toContain('An item was refused. Run run-1 is now being worked on by arn:resumer');
    expect(turn.cause).not.toMatch(/rollback|start/);
    expect(await readRun(bench.runtime.ledger, 'run-1')).toMatchObject({
      status: 'RUNNING',
      executionArn: resumed.executionArn,
    });
  });
});

describe('an execution that has its name in common with one of another machine', () => {
  it('rolls the run back that it has resumed, though the other has begun a run of that name since', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    const { executionStartTime } = await bench.resume(bench.run, 'same');
    const restore = { ...bench.run, runId: 'same', kind: 'restore', lockTable: 'restored' } as const;
    const holder = { executionName: 'same', executionArn: 'arn:restore:same', startTime };
    await beginRun(bench.runtime.ledger, restore, holder);

    const execution = { ...executionOf('same'), startTime: executionStartTime };
    const turn = await rolledBack({ ...failedInput(), execution });
    expect(turn).toMatchObject({ end: 'ROLLED_BACK', report: { runId: 'run-1' } });
  });
});

describe('a product in quarantine', () => {
  it('is named whole, whatever its id holds', async () => {
    bench = await migrateBench({ products: sizedProducts(1) });
    const productId = 'a: MissingName: b: c';
    await changeSource(bench, { id: { S: productId }, price: { S: '1' } });
    await expect(bench.nextRun('run-2')).rejects.toThrow(`${productId}: MissingName: `);
    const turn = await failed('run-2');
    expect(turn.report.quarantine).toEqual([
      { productId, code: 'MissingName', sentence: expect.stringContaining('has no name') },
    ]);
  });
});
