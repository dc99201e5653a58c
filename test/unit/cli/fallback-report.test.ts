import { describe, expect, it } from 'vitest';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import type { Shard } from '../../../functions/shared/ledger/shard.ts';
import type { TableRecord } from '../../../functions/shared/ledger/table-record.ts';
import type { FoundTables } from '../../../functions/shared/runs/report-tables.ts';
import { readReport, reportOfNow } from '../../../workflow/cli/collect-report.ts';
import { reportFromLedger, reportWithoutRun } from '../../../workflow/cli/fallback-report.ts';
import type { RunRecord } from '../../../workflow/cli/run-record.ts';
import { smallView } from './report-fixtures.ts';

const tables: readonly TableRecord[] = [
  { name: 'cart', outcome: 'INTENT', intentAt: 0 },
  { name: 'products-enhanced', outcome: 'CREATED', intentAt: 0, tableId: 'a' },
];

/** A run whose report was never written, with 90 items noted. */
function recordOf(status: Run['status']): RunRecord {
  const [shard] = smallView().shards.get('MigrateProducts') ?? [];
  const migrated = { ...shard, counters: { items: 90, metadata: 18, variants: 72 } } as Shard;
  const run = {
    runId: 'r1',
    status,
    kind: 'migrate',
    sourceTable: 'products',
    startedAt: '2026-03-01T12:00:00.000Z',
    plan: { estimatedProducts: 18, estimatedBytes: 1 },
    parameters: { maxQuarantined: 0 },
    settings: {},
    warnings: [],
  } as unknown as Run;
  return { run, tables, shards: new Map([['MigrateProducts', [migrated]]]), failure: undefined };
}

const PROD = { stage: 'prod', region: 'ap-southeast-2' } as const;

const look = (found: FoundTables) => ({
  now: new Date('2026-03-01T12:01:00.000Z'),
  found,
  place: PROD,
});

describe('a report as it was written', () => {
  it('gets kind, summary and next step where an earlier version has written none', () => {
    const { kind: _, summary: _summary, nextStep: _nextStep, ...older } = smallView().report;
    const record = recordOf('ROLLED_BACK');
    const run = { ...record.run, kind: 'manual', step: 'restoreFromBackup' } as const;
    expect(readReport({ ...record, run }, older, PROD)).toMatchObject({
      ...older,
      kind: 'manual',
      step: 'restoreFromBackup',
      summary: expect.stringContaining(' '),
      nextStep: null,
    });
  });
});

describe('the report that the bucket has', () => {
  const { report } = smallView();

  it('is told as long as the run has that end', () => {
    expect(reportOfNow(recordOf('SUCCEEDED'), report)).toEqual(report);
    expect(reportOfNow(recordOf('SUCCEEDED'), { runId: 'r1' })).toBeUndefined();
  });

  it('is not told of a run that has gone on since', () => {
    const held = { ...report, status: 'HELD' };
    expect(reportOfNow(recordOf('RUNNING'), held)).toBeUndefined();
    expect(reportOfNow(recordOf('SUCCEEDED'), held)).toBeUndefined();
  });
});

describe('a report that is made from the ledger', () => {
  it('counts what is in place of a held run, and names no table that was never created', () => {
    const found = new Map([
      ['cart', 'none'],
      ['products-enhanced', 'same'],
    ] as const);
    expect(reportFromLedger(recordOf('HELD'), look(found))).toMatchObject({
      status: 'HELD',
      tables: [{ name: 'products-enhanced', outcome: 'CREATED' }],
      migrated: { items: 90, products: 18 },
    });
  });

  it('counts in the tables that the run fills, and in none whose name only ends like theirs', () => {
    const record = recordOf('HELD');
    const run = { ...record.run, settings: { tablePrefix: 'eu-' } } as Run;
    const names = ['more-eu-products-enhanced', 'eu-products-enhanced'];
    const there = names.map((name) => ({ name, outcome: 'CREATED', intentAt: 0, tableId: name }) as const);
    const found = new Map(names.map((name) => [name, 'same'] as const));
    const { migrated } = reportFromLedger({ ...record, run, tables: there }, look(found));
    expect(Object.keys(migrated.byTarget ?? {})).toEqual(['eu-products-enhanced']);
  });

  it('counts what was read and used, and passes no estimate off as a count', () => {
    const { shards, ...record } = recordOf('HELD');
    const [loaded] = shards.get('MigrateProducts') ?? [];
    const read = { ...loaded, counters: { items: 7, bytes: 700, readUnits: 2.5 } } as Shard;
    const scanned = { ...record, shards: new Map([...shards, ['BackupProducts', [read]]] as const) };
    expect(reportFromLedger(scanned, look(new Map()))).toMatchObject({
      source: { products: 7, bytes: 700 },
      consumed: { readUnits: 2.5, writeUnits: 0 },
    });
  });

  it('names products in quarantine, as a report that was written does', () => {
    const record = recordOf('HELD');
    const product = { productId: 'p1', code: 'MissingName', sentence: 'Product "p1" has no name.' };
    const [shard] = smallView().shards.get('TransformProducts') ?? [];
    const transformed = {
      ...shard,
      counters: { products: 17, quarantined: 1 },
      quarantined: [product],
    } as Shard;
    const shards = new Map([...record.shards, ['TransformProducts', [transformed]] as const]);
    const report = reportFromLedger({ ...record, shards }, look(new Map()));
    expect(report.migrated.quarantined).toBe(1);
    expect(report.quarantine).toEqual([product]);
  });

  it('says what a restore has written, and does not call it a migration of nothing', () => {
    const { tables: _, ...record } = recordOf('SUCCEEDED');
    const details = { backupId: '01772366400000-0a1b2c3d', targetTable: 'restored' };
    const run = { ...record.run, kind: 'restore', details } as const;
    const restored = { shard: 0, counters: { written: 90 } } as unknown as Shard;
    const report = reportFromLedger(
      {
        ...record,
        run,
        tables: [{ name: 'restored', outcome: 'CREATED', intentAt: 0, tableId: 'r' }],
        shards: new Map([['RestoreProducts', [restored]]]),
      },
      look(new Map([['restored', 'same']])),
    );
    expect(report.summary).toBe(
      '90 items restored into the new table restored, read back and found complete.',
    );
  });

  it('does not say of a run that succeeded that it failed, because it had been held before', () => {
    const record = recordOf('SUCCEEDED');
    const run = { ...record.run, failure: { error: 'CostLimitError', cause: 'Too dear.' } } as Run;
    expect(reportFromLedger({ ...record, run }, look(new Map())).failure).toBeNull();
  });

  it('has the warnings of the run, and one for a table whose items nobody has counted', () => {
    const record = recordOf('ROLLED_BACK');
    const kept = record.tables.map((table) => ({ ...table, outcome: 'KEPT' }) as const);
    const run = { ...record.run, rolledBackFrom: 'RUNNING', warnings: ['Table x lacks 1 item.'] } as const;
    const found = new Map([['products-enhanced', 'same']] as const);
    const report = reportFromLedger({ ...record, run, tables: kept }, look(found));
    expect(report.warnings).toEqual([
      expect.stringContaining('No report of the end of this run was found'),
      'Table x lacks 1 item.',
      expect.stringContaining('Nobody has counted the items of this run that are in table products-enhanced'),
    ]);
    expect(report.tables).toContainEqual(
      expect.objectContaining({ name: 'products-enhanced', uncounted: true }),
    );
  });

  it('counts nothing in a table that is gone', () => {
    const found = new Map([
      ['cart', 'same'],
      ['products-enhanced', 'none'],
    ] as const);
    expect(reportFromLedger(recordOf('ROLLBACK_FAILED'), look(found))).toMatchObject({
      tables: [
        { name: 'cart', outcome: 'CREATED' },
        { name: 'products-enhanced', outcome: 'DELETED', remark: 'somebody has deleted it' },
      ],
      migrated: { items: 0 },
    });
  });

  it('calls an execution refused that never began a run, and names the source of the stage', () => {
    const at = new Date('2026-03-01T12:00:00.000Z');
    const end = {
      executionArn: 'arn:x:r1',
      runId: undefined,
      machine: 'restore',
      state: undefined,
      status: 'FAILED',
      output: undefined,
    } as const;
    const ended = { ...end, startedAt: at, finishedAt: at, error: 'E', cause: 'C.' };
    const report = reportWithoutRun(ended, { ...PROD, sourceTable: 'goods' });
    expect(report).toMatchObject({
      runId: 'r1',
      kind: 'restore',
      status: 'REFUSED',
      source: { table: 'goods', products: 0 },
      failure: { error: 'E', cause: 'C.' },
    });
  });
});
